"""Storages in the cloud that fail as a disk does: with an OSError, within seconds.

Whoever saves a file can then say what happened, whichever provider it goes to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Bucket:
    """Mixed into a backend of django-storages, above it."""

    # What the provider's client raises.
    errors: tuple[type[Exception], ...] = ()

    @contextmanager
    def as_a_disk(self) -> Iterator[None]:
        try:
            yield
        except self.errors as error:
            raise OSError(f"the bucket does not take this: {error}") from error

    def exists(self, name: str) -> Any:
        with self.as_a_disk():
            return super().exists(name)  # type: ignore[misc]

    def delete(self, name: str) -> None:
        with self.as_a_disk():
            super().delete(name)  # type: ignore[misc]

    def size(self, name: str) -> Any:
        with self.as_a_disk():
            return super().size(name)  # type: ignore[misc]

    def listdir(self, path: str) -> Any:
        with self.as_a_disk():
            return super().listdir(path)  # type: ignore[misc]

    def _open(self, name: str, mode: str = "rb") -> Any:
        with self.as_a_disk():
            return super()._open(name, mode)  # type: ignore[misc]

    def _save(self, name: str, content: Any) -> Any:
        with self.as_a_disk():
            return super()._save(name, content)  # type: ignore[misc]
