from typing import Any

from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage,
    staticfiles_storage,
)
from django.contrib.staticfiles.utils import get_files
from django.core.files.storage import Storage, storages
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Upload collected static files to the bucket; run it before a release serves pages.

    A name holds the hash of its content, so a file that is there is never replaced, and
    those of earlier releases stay for their pages. A second run uploads nothing.
    """

    help = "Upload the files of collectstatic that the bucket lacks."

    def handle(self, **options: Any) -> None:
        if "static_bucket" not in storages.backends:
            raise CommandError("No bucket: set its variable, as in .env.example.")
        if not isinstance(staticfiles_storage, ManifestStaticFilesStorage):
            raise CommandError("File names without a hash: use production settings.")
        names = set(staticfiles_storage.hashed_files.values())
        if not names:
            raise CommandError("No collected files: run collectstatic first.")
        bucket = storages["static_bucket"]
        try:
            missing = sorted(names - existing(bucket))
            for name in missing:
                with staticfiles_storage.open(name) as file:
                    bucket.save(name, file)
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{len(missing)} files uploaded, {len(names) - len(missing)} were there."
        )


def existing(bucket: Storage) -> set[str]:
    """Return the names of the files in the bucket."""
    try:
        return set(get_files(bucket))
    except FileNotFoundError:  # a folder on a disk without a first file
        return set()
