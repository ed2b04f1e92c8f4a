from typing import Any
from unittest.mock import Mock

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.memory import InMemoryStorage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plinth.storage import model_files
from plinth.testing.plugin import Commit
from plinth_tests.models import Document

pytestmark = pytest.mark.django_db


def stored() -> set[str]:
    names = default_storage.listdir("")[0]
    if "documents" not in names:
        return set()
    return {f"documents/{name}" for name in default_storage.listdir("documents")[1]}


@pytest.fixture(autouse=True)
def empty_storage() -> None:
    for name in stored():
        default_storage.delete(name)


@pytest.fixture
def document() -> Document:
    document = Document(name="A", file=ContentFile(b"one", "a.txt"))
    model_files.save(document, ["name", "file"])
    return document


def replace(document: Document, content: bytes = b"two") -> None:
    document.file = ContentFile(content, "b.txt")
    model_files.save(document, ["file"])


def test_named_fields_alone_are_updated(document: Document) -> None:
    with CaptureQueriesContext(connection) as captured:
        model_files.save(document, ["name"])

    (sql,) = [q["sql"] for q in captured if q["sql"].startswith("UPDATE")]
    assert '"name" = ' in sql
    assert "count" not in sql


def test_replaced_file_is_deleted_on_commit(document: Document, commit: Commit) -> None:
    before = stored()

    with commit():
        replace(document)
        assert before < stored()

    assert stored() == {document.file.name}
    assert not before & stored()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
def test_two_uploads_at_once_replace_one_file_each(document: Document) -> None:
    with CaptureQueriesContext(connection) as captured:
        replace(document)

    (read,) = [q["sql"] for q in captured if q["sql"].startswith("SELECT")]
    assert read.endswith("FOR NO KEY UPDATE")


def test_other_change_keeps_the_file(document: Document, commit: Commit) -> None:
    before = stored()

    with commit():
        model_files.save(document, ["name"])

    assert stored() == before


def test_deleted_rows_leave_no_files(document: Document, commit: Commit) -> None:
    with commit():
        model_files.delete(Document.objects.all())
        assert stored()

    assert not stored()
    assert not Document.objects.exists()


def test_unavailable_storage_saves_nothing(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored()
    monkeypatch.setattr(InMemoryStorage, "_save", Mock(side_effect=OSError))

    with pytest.raises(model_files.StorageUnavailableError, match="does not answer"):
        replace(document)

    document.refresh_from_db()
    assert stored() == before == {document.file.name}


def test_row_that_is_not_saved_leaves_no_file() -> None:
    document = Document(name="A", count=None, file=ContentFile(b"one", "a.txt"))

    with pytest.raises(Exception, match=r"(?i)not.null"):
        model_files.save(document, ["name", "file"])

    assert not stored()


def test_file_that_cannot_be_deleted_does_not_undo_the_change(
    document: Document, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete: Any = Mock(side_effect=OSError)
    monkeypatch.setattr(InMemoryStorage, "delete", delete)

    with commit():
        replace(document)

    assert delete.called
    document.refresh_from_db()
    assert document.file.read() == b"two"
