from typing import NoReturn

from django.core.files.storage import FileSystemStorage


class PrivateStorage(FileSystemStorage):
    """Files on the disk that no address leads to: a view sends them to whom it may."""

    def url(self, name: str | None) -> NoReturn:
        raise ValueError(f"{name} is private: a view sends it")
