"""Private files on the local disk."""

from typing import NoReturn

from django.core.files.storage import FileSystemStorage


class PrivateStorage(FileSystemStorage):
    """Files without a URL: a view that checks permissions sends them."""

    def url(self, name: str | None) -> NoReturn:
        raise ValueError(f"{name} is private: a view sends it")
