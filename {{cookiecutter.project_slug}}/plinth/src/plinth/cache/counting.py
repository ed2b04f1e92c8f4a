"""Redis client that counts hits and misses, where METRICS_BIND is set."""

from collections.abc import Collection
from typing import Any

from .redis import SharedServerClient

MISS = object()


class CountingClient(SharedServerClient):
    def get(self, key: Any, default: Any = None, *rest: Any, **options: Any) -> Any:
        value = super().get(key, MISS, *rest, **options)
        self.count("miss" if value is MISS else "hit", 1)
        return default if value is MISS else value

    def get_many(
        self, keys: Collection[Any], *rest: Any, **options: Any
    ) -> dict[Any, Any]:
        keys = list(keys)
        found: dict[Any, Any] = super().get_many(keys, *rest, **options)
        self.count("hit", len(found))
        self.count("miss", len(keys) - len(found))
        return found

    def count(self, result: str, number: int) -> None:
        from plinth.metrics.instruments import CACHE_READS

        if number:
            CACHE_READS.labels(self._backend.key_prefix, result).inc(number)
