"""Imports in the background: progress, report, and no file left behind."""

from collections.abc import Collection
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from pytest_django import Settings

from plinth.data import models
from plinth.data.forms import ImportForm
from plinth.data.models import ImportNotStartedError
from plinth.data.views import ImportProgressView, ImportView
from plinth.testing.plugin import Commit
from plinth_tests.models import Document, DocumentImport

from .importers import DocumentImporter

pytestmark = pytest.mark.django_db

State = DocumentImport.State
ROWS = b"name,count\n" + b"".join(b"A-%d,1\n" % number for number in range(200))


@pytest.fixture
def started(user: Any) -> DocumentImport:
    """An import of 200 rows that nothing has run yet."""
    file = ContentFile(ROWS, "../Documents.CSV")
    return DocumentImport.start(user.pk, file, skip_invalid=False)


def run(started: DocumentImport, commit: Commit) -> None:
    with commit():
        DocumentImport.run(started.pk)
    started.refresh_from_db()


def test_rows_are_saved_and_the_file_is_deleted(
    started: DocumentImport, commit: Commit
) -> None:
    assert default_storage.exists(started.file)
    # Of the uploaded name, the suffix alone.
    assert started.file.startswith("imports/")
    assert "ocuments" not in started.file

    run(started, commit)

    assert (started.state, started.saved) == (State.SAVED, 200)
    assert Document.objects.count() == 200
    assert not default_storage.exists(started.file)


def test_errors_are_reported_and_the_file_is_refused(user: Any, commit: Commit) -> None:
    with commit():  # without a broker, it runs on commit
        file = ContentFile(b"name,count\nA,1\nB,x\n", "a.csv")
        started = DocumentImport.start(user.pk, file, skip_invalid=False)

    started.refresh_from_db()
    assert (started.state, started.error_count) == (State.REFUSED, 1)
    assert started.errors == "Line 3: count must be a number"
    assert not Document.objects.exists()


@pytest.mark.parametrize("skip_invalid", [True, False])
def test_progress_is_visible(
    started: DocumentImport, skip_invalid: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    DocumentImport.objects.update(skip_invalid=skip_invalid)
    seen: list[tuple[str, int]] = []
    parse = DocumentImporter.parse

    def look(self: DocumentImporter, values: dict[str, str]) -> tuple[str, int]:
        seen.extend(DocumentImport.objects.values_list("state", "percent"))
        return parse(self, values)

    monkeypatch.setattr(DocumentImporter, "parse", look)
    DocumentImport.run(started.pk)

    checked = [percent for state, percent in seen if state == State.CHECKING]
    saved = [percent for state, percent in seen if state == State.SAVING]
    assert bool(checked) is not skip_invalid
    for percents in filter(None, (checked, saved)):
        assert percents == sorted(percents)
        assert percents[0] < 5
        assert len(set(percents)) > 90


def test_interrupted_import_is_repeated(
    started: DocumentImport, monkeypatch: pytest.MonkeyPatch, commit: Commit
) -> None:
    DocumentImport.objects.update(skip_invalid=True)
    monkeypatch.setattr(DocumentImporter, "batch_size", 150)
    save = DocumentImporter.save

    def fail_later(self: DocumentImporter, items: Collection[Any]) -> None:
        if Document.objects.exists():
            raise ConnectionError
        save(self, items)

    with monkeypatch.context() as patch:
        patch.setattr(DocumentImporter, "save", fail_later)
        with pytest.raises(ConnectionError):
            DocumentImport.run(started.pk)
    assert Document.objects.count() == 150
    assert default_storage.exists(started.file)

    run(started, commit)

    assert (started.state, started.saved) == (State.SAVED, 200)
    assert Document.objects.count() == 200


def test_finished_import_is_not_repeated(
    started: DocumentImport, commit: Commit
) -> None:
    run(started, commit)
    Document.objects.all().delete()

    run(started, commit)

    assert not Document.objects.exists()


def test_failed_import_leaves_no_file(started: DocumentImport, commit: Commit) -> None:
    with commit():
        DocumentImport.fail(started.pk)

    started.refresh_from_db()
    assert started.state == State.FAILED
    assert not default_storage.exists(started.file)


@pytest.mark.django_db(transaction=True)
def test_import_that_fails_in_the_request_leaves_no_file(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DocumentImporter, "check", Mock(side_effect=ZeroDivisionError))

    with pytest.raises(ZeroDivisionError):
        DocumentImport.start(user.pk, ContentFile(ROWS, "a.csv"), skip_invalid=False)

    started = DocumentImport.objects.get()
    assert started.state == State.FAILED
    assert not default_storage.exists(started.file)


@pytest.mark.django_db(transaction=True)
def test_import_that_fails_in_a_worker_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("celery", reason="the extra celery is not installed")
    from plinth.data.import_task import ImportTask
    from plinth.tasks.app import app

    name = default_storage.save("imports/a.csv", ContentFile(ROWS))
    started = DocumentImport.objects.create(file=name, skip_invalid=False)
    monkeypatch.setattr(DocumentImporter, "check", Mock(side_effect=ZeroDivisionError))

    @app.task(base=ImportTask, model=DocumentImport, name="plinth_tests.fail")
    def import_documents(pk: int) -> None:
        DocumentImport.run(pk)

    import_documents.apply(kwargs={"pk": started.pk}, throw=False)

    started.refresh_from_db()
    assert started.state == State.FAILED
    assert not default_storage.exists(started.file)


@pytest.mark.django_db(transaction=True)
def test_import_is_enqueued_with_a_broker(
    user: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue = Mock(return_value=True)
    monkeypatch.setattr(models, "enqueue", enqueue)
    monkeypatch.setattr("plinth.data.models.apps.is_installed", lambda name: True)
    settings.CELERY_BROKER_URL = "redis://broker"

    file = ContentFile(ROWS, "a.csv")
    started = DocumentImport.start(user.pk, file, skip_invalid=False)

    enqueue.assert_called_once_with(DocumentImport.task, pk=started.pk)
    assert DocumentImport.objects.get().state == State.WAITING

    enqueue.return_value = False  # the broker does not answer
    with pytest.raises(ImportNotStartedError):
        DocumentImport.start(user.pk, ContentFile(ROWS, "a.csv"), skip_invalid=False)
    assert DocumentImport.objects.latest("pk").state == State.FAILED


def test_lost_imports_are_given_up_and_old_reports_deleted(
    started: DocumentImport, commit: Commit
) -> None:
    now = timezone.now()
    create = DocumentImport.objects.create
    create(file="a", skip_invalid=True, created=now)
    create(file="b", skip_invalid=True, created=now - timedelta(days=40))
    DocumentImport.objects.filter(pk=started.pk).update(created=now - timedelta(days=2))

    with commit():
        DocumentImport.clear()

    states = dict(DocumentImport.objects.values_list("file", "state"))
    assert states == {"a": State.WAITING, started.file: State.FAILED}
    assert not default_storage.exists(started.file)


# Pages


def form(content: bytes, name: str = "a.csv") -> ImportForm:
    return ImportForm({}, MultiValueDict({"file": [SimpleUploadedFile(name, content)]}))


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"", "a.csv", "The submitted file is empty."),
        (b"x", "a.xls", "This is neither"),
        (b"x" * 2_000, "a.csv", "The file is larger than 0.001 MB."),
    ],
)
def test_form_refuses_other_files(
    monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, error: str
) -> None:
    monkeypatch.setattr(ImportForm, "max_bytes", 1_000)

    assert error in str(form(content, name).errors)


class Upload(ImportView):
    model = DocumentImport
    template_name = "data/import_progress.html"
    permission_required = ()


def post(rf: RequestFactory, user: Any) -> Any:
    request = rf.post("/", {"file": SimpleUploadedFile("a.csv", ROWS)})
    request.user = user
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001
    return Upload.as_view()(request)


def test_upload_leads_to_the_progress(rf: RequestFactory, user: Any) -> None:
    response = post(rf, user)

    started = DocumentImport.objects.get()
    assert response["Location"] == started.get_absolute_url()
    assert started.user == user


def test_unavailable_storage_is_answered_with_503(
    rf: RequestFactory, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_storage, "save", Mock(side_effect=ConnectionError))

    response = post(rf, user)

    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.context_data["form"].non_field_errors()
    assert DocumentImport.objects.get().state == State.FAILED


def test_upload_needs_the_permission(rf: RequestFactory, user: Any) -> None:
    class Restricted(Upload):
        permission_required = "auth.add_group"  # type: ignore[assignment]

    request = rf.post("/")
    request.user = user

    with pytest.raises(PermissionDenied):
        Restricted.as_view()(request)


def test_progress_page_reloads_until_the_import_is_finished(
    rf: RequestFactory, user: Any
) -> None:
    class Progress(ImportProgressView):
        model = DocumentImport
        template_name = "data/import_progress.html"
        permission_required = ()

        def get_object(self, queryset: Any = None) -> Any:
            return self.kwargs["object"]

    create = DocumentImport.objects.create
    running = create(file="a", skip_invalid=True)
    finished = create(file="b", skip_invalid=True, finished=timezone.now())
    request = rf.get("/")
    request.user = user
    responses = [
        Progress.as_view()(request, object=each, pk=each.pk)
        for each in (running, finished)
    ]

    assert [response.get("Refresh") for response in responses] == ["2", None]
    assert responses[0]["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "Waiting for a worker."),
        ({"state": "checking", "percent": 4}, "Checking the file: 4 %."),
        ({"state": "saving", "percent": 42}, "Saving the rows: 42 %."),
        ({"state": "failed", "finished": 1}, "Rows that were saved before stay."),
        ({"state": "saved", "finished": 1, "saved": 1}, "1 row is saved."),
        (
            {
                "state": "refused",
                "finished": 1,
                "error_count": 2,
                "errors": "Line 3: <b>",
            },
            "2 rows in error, nothing is saved",
        ),
    ],
)
def test_progress_is_told_in_words(values: dict[str, Any], text: str) -> None:
    started = DocumentImport(skip_invalid=True, **values)

    page = render_to_string("data/import_progress.html", {"import": started})

    assert text in page
    assert "<b>" not in page
