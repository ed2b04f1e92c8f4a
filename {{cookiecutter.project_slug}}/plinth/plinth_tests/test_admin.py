from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.memory import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from plinth.admin import LargeTableAdmin
from plinth.cache import versions
from plinth.testing.plugin import Commit

from .models import Document

pytestmark = pytest.mark.django_db


class DocumentAdmin(LargeTableAdmin):
    fields = ["name", "count", "file"]
    search_fields = ["name"]
    invalidates = ("documents",)


@pytest.fixture
def document() -> Document:
    return Document.objects.create(name="A", file=ContentFile(b"one", "a.txt"))


@pytest.fixture
def model_admin(monkeypatch: pytest.MonkeyPatch) -> DocumentAdmin:
    model_admin = DocumentAdmin(Document, admin.site)
    # These need the admin's URLs of the model.
    monkeypatch.setattr(model_admin, "response_change", Mock())
    monkeypatch.setattr(model_admin, "log_change", Mock())
    return model_admin


Send = Callable[..., Any]


@pytest.fixture
def send(rf: RequestFactory, admin_user: Any) -> Send:
    """Make the request of a form with these data, or of a search without."""

    def send(**data: object) -> Any:
        request = rf.post("/", data) if data else rf.get("/", {"q": "A"})
        request.user = admin_user
        request.session = {}  # type: ignore[assignment]
        request._messages = FallbackStorage(request)  # type: ignore[attr-defined] # noqa: SLF001
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined] # noqa: SLF001
        return request

    return send


def change(model_admin: DocumentAdmin, request: Any, document: Document) -> Any:
    return model_admin.changeform_view(request, str(document.pk))


def test_no_whole_table_is_counted(
    send: Send, model_admin: DocumentAdmin, document: Document
) -> None:
    with CaptureQueriesContext(connection) as captured:
        changes = model_admin.get_changelist_instance(send())

    assert list(changes.result_list) == [document]
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert all("WHERE" in sql for sql in counts)


@pytest.mark.practice(13)
def test_changed_columns_alone_are_saved(
    send: Send, model_admin: DocumentAdmin, document: Document
) -> None:
    sent = send(name="B", count="7")

    with CaptureQueriesContext(connection) as captured:
        change(model_admin, sent, document)

    (sql,) = [q["sql"] for q in captured if q["sql"].startswith("UPDATE")]
    columns = sql.partition(" SET ")[2].partition(" WHERE ")[0]
    assert {part.split('"')[1] for part in columns.split(", ")} == {"name", "modified"}


@pytest.mark.parametrize("how", ["changed", "deleted", "deleted in bulk"])
def test_change_invalidates_pages_and_deletes_files(
    send: Send,
    model_admin: DocumentAdmin,
    document: Document,
    how: str,
    commit: Commit,
) -> None:
    version, name = versions.current("documents"), str(document.file.name)

    with commit():
        if how == "changed":
            file = SimpleUploadedFile("b.txt", b"two")
            sent = send(name="A", count="7", file=file)
            change(model_admin, sent, document)
        elif how == "deleted":
            model_admin.delete_model(send(), document)
        else:
            every = Document.objects.all()
            model_admin.delete_queryset(send(), every)

    assert versions.current("documents") != version
    assert not default_storage.exists(name)
    assert Document.objects.exists() is (how == "changed")


def test_unavailable_storage_is_a_message(
    send: Send,
    model_admin: DocumentAdmin,
    document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InMemoryStorage, "_save", Mock(side_effect=OSError))
    file = SimpleUploadedFile("b.txt", b"two")
    sent = send(name="B", count="7", file=file)

    response = change(model_admin, sent, document)

    (message,) = sent._messages  # noqa: SLF001
    assert "Nothing is saved" in str(message)
    assert response["Location"] == "/"
    document.refresh_from_db()
    assert document.name == "A"
