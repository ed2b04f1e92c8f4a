"""Models for tests, of no installed app; their tables are created with the database."""

from typing import Any, ClassVar, Self

from django.contrib.auth import get_user_model
from django.db import connections, models
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from plinth.api.models import IdempotentResponse, Token
from plinth.data.models import AbstractImport
from plinth.images.models import PictureMixin

from .data.importers import DocumentImporter


class Document(models.Model):
    name = models.CharField(max_length=50, unique=True)
    count = models.IntegerField(default=7)
    note = models.CharField(max_length=50, default="", db_default="")
    rank = models.IntegerField(null=True)
    file = models.FileField(upload_to="documents/", blank=True, default="")
    modified = models.DateTimeField(auto_now=True)

    # Declared, since mypy's plugin knows the managers of installed apps only.
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "plinth"

    def __str__(self) -> str:
        return self.name


class Photo(PictureMixin):
    title = models.CharField(max_length=50)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "plinth"

    def __str__(self) -> str:
        return self.title


class DocumentImport(AbstractImport):
    task = "plinth_tests.data.importers.import_documents"

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "plinth"

    def get_importer(self) -> DocumentImporter:
        return DocumentImporter()

    def get_absolute_url(self) -> str:
        return f"/imports/{self.pk}/"


@receiver(post_migrate)
def create_tables(sender: Any, using: str, **kwargs: Any) -> None:
    """Create the tables in a new test database."""
    if sender is not get_user_model()._meta.app_config:  # noqa: SLF001
        return
    connection = connections[using]
    known = connection.introspection.table_names()
    tables = (Document, DocumentImport, IdempotentResponse, Photo, Token)
    # SQLite has no schema editor in a transaction, such as a test's that runs `migrate`.
    if new := [each for each in tables if each._meta.db_table not in known]:  # noqa: SLF001
        with connection.schema_editor() as editor:
            for model in new:
                field: Any
                for field in model._meta.local_fields:  # noqa: SLF001
                    # Of an app that is not installed, no test's end truncates the table.
                    if isinstance(field, models.ForeignKey):
                        field.db_constraint = False  # type: ignore[attr-defined]
                editor.create_model(model)
