"""Models for tests; conftest.py creates their tables."""

from typing import ClassVar, Self

from django.db import models

from plinth.data.models import AbstractImport

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


class DocumentImport(AbstractImport):
    task = "plinth_tests.data.importers.import_documents"

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "plinth"

    def get_importer(self) -> DocumentImporter:
        return DocumentImporter()

    def get_absolute_url(self) -> str:
        return f"/imports/{self.pk}/"
