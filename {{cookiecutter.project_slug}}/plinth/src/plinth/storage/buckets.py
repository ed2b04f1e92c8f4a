"""Bucket storages whose failures are an OSError, as those of a disk.

So code that saves a file handles one exception, whichever provider stores it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Bucket:
    """A mixin for a backend of django-storages, before it in the bases."""

    # What the provider's client raises.
    errors: tuple[type[Exception], ...] = ()

    @contextmanager
    def as_os_error(self) -> Iterator[None]:
        """Raise the provider's errors as OSError."""
        try:
            yield
        except self.errors as error:
            raise OSError(f"the bucket failed: {error}") from error

    def exists(self, name: str) -> Any:
        with self.as_os_error():
            return super().exists(name)  # type: ignore[misc]

    def delete(self, name: str) -> None:
        with self.as_os_error():
            super().delete(name)  # type: ignore[misc]

    def size(self, name: str) -> Any:
        with self.as_os_error():
            return super().size(name)  # type: ignore[misc]

    def listdir(self, path: str) -> Any:
        with self.as_os_error():
            return super().listdir(path)  # type: ignore[misc]

    def _open(self, name: str, mode: str = "rb") -> Any:
        with self.as_os_error():
            return super()._open(name, mode)  # type: ignore[misc]

    def _save(self, name: str, content: Any) -> Any:
        with self.as_os_error():
            return super()._save(name, content)  # type: ignore[misc]
