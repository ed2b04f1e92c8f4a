from typing import Any

from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage,
    staticfiles_storage,
)
from django.contrib.staticfiles.utils import get_files
from django.core.files.storage import Storage, storages
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """A release runs it before its first page, so that no page names what is not there.

    A name holds its content's hash: what the bucket has under a name is right, and what
    earlier releases put there stays for their pages. So a second run only lists.
    """

    help = "Upload what collectstatic has collected, where the bucket lacks it."

    def handle(self, **options: Any) -> None:
        if "static_bucket" not in storages.backends:
            raise CommandError("No variable names a bucket: see .env.example.")
        if not isinstance(staticfiles_storage, ManifestStaticFilesStorage):
            raise CommandError("Only the production settings give files hashed names.")
        names = set(staticfiles_storage.hashed_files.values())
        if not names:
            raise CommandError("Nothing is collected: run collectstatic first.")
        bucket = storages["static_bucket"]
        try:
            missing = sorted(names - present(bucket))
            for name in missing:
                with staticfiles_storage.open(name) as file:
                    bucket.save(name, file)
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{len(missing)} files uploaded, {len(names) - len(missing)} were there."
        )


def present(bucket: Storage) -> set[str]:
    try:
        return set(get_files(bucket))
    except FileNotFoundError:  # a folder on a disk, before the first file
        return set()
