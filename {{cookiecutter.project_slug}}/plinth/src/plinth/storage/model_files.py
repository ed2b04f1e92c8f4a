"""Files of model instances: none is lost with a rollback, none is left behind."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import FileField, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _


class StorageUnavailableError(Exception):
    """The storage did not accept a file, and nothing was saved."""

    message = _("The file storage does not answer. Nothing is saved: try again.")

    def __str__(self) -> str:
        return str(self.message)


def save(instance: Model, update_fields: Iterable[str]) -> None:
    """Save these fields of an instance, all of a new one, and store their files.

    Files that they replace are deleted on commit. When the row can't be saved, the new
    files are deleted; an unavailable storage raises StorageUnavailableError.
    """
    fields = set(update_fields)
    model = type(instance)
    with transaction.atomic():
        same = model._default_manager.filter(pk=instance.pk)  # noqa: SLF001
        # Locked: two uploads at once would both replace the same file.
        replaced = stored_files(same.select_for_update(no_key=True), fields)
        try:
            adding = instance._state.adding  # noqa: SLF001
            instance.save(update_fields=None if adding else fields)
        except Exception as error:
            new = {*stored_files([instance], fields)} - {*replaced}
            with suppress(OSError):
                delete_files(new)
            if isinstance(error, OSError):
                raise StorageUnavailableError from error
            raise
        transaction.on_commit(partial(delete_files, replaced), robust=True)


@transaction.atomic
def delete(queryset: QuerySet[Any]) -> None:
    """Delete rows, and on commit the files of all their file fields."""
    files = stored_files(queryset)
    queryset.delete()
    transaction.on_commit(partial(delete_files, files), robust=True)


def stored_files(
    instances: Iterable[Model], fields: set[str] | None = None
) -> list[FieldFile]:
    """Return the files of instances that are in a storage; None means all fields."""
    files = [
        getattr(instance, field.name)
        for instance in instances
        for field in instance._meta.concrete_fields  # noqa: SLF001
        if isinstance(field, FileField) and (fields is None or field.name in fields)
    ]
    # One that is not committed is still in the request.
    return [file for file in files if file and file._committed]  # noqa: SLF001


def delete_files(files: Iterable[FieldFile]) -> None:
    for file in files:
        file.storage.delete(str(file.name))
