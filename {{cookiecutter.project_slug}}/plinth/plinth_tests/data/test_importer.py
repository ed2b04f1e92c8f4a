from collections.abc import Collection
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plinth.data.commands import ImportCommand
from plinth.data.importer import MAX_ERRORS_SHOWN, Report
from plinth.data.readers import read_csv
from plinth_tests.models import Document

from .importers import DocumentImporter

pytestmark = pytest.mark.django_db


def run(file: bytes, *, skip_invalid: bool = True) -> Report:
    importer = DocumentImporter()
    rows = read_csv(BytesIO(file), importer.columns)
    return importer.run(rows, skip_invalid=skip_invalid)


@pytest.mark.practice(7)
def test_a_batch_is_saved_by_one_statement() -> None:
    rows = b"".join(b"A-%d,%d\n" % (i, i) for i in range(500))

    with CaptureQueriesContext(connection) as captured:
        report = run(b"name,count\n" + rows)

    assert report == Report(saved=500)
    assert sum("INSERT" in query["sql"] for query in captured) == 1


def test_later_row_of_two_with_one_key_wins() -> None:
    assert run(b"name,count\nA,1\nA,2\n").saved == 1

    assert Document.objects.get().count == 2


def test_invalid_rows_are_skipped_and_reported() -> None:
    report = run(b"name,count\nA,1\nB,x\nC\nD,2\n")

    assert report.errors == [
        (3, "count must be a number"),
        (4, "has 1 values for 2 columns"),
    ]
    assert report.saved == Document.objects.count() == 2


def test_one_invalid_row_refuses_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DocumentImporter, "batch_size", 2)

    report = run(b"name,count\nA,1\nB,1\nC,x\nD,1\nE,y\n", skip_invalid=False)

    assert (report.saved, report.error_count) == (0, 2)
    assert not Document.objects.exists()


def test_rows_before_an_unreadable_line_are_saved() -> None:
    report = run(b'name,count\nA,1\nB,"1\n')

    assert report.errors == [
        (3, "opens a quote that is not closed; the file was not read further")
    ]
    assert Document.objects.get().name == "A"


def test_first_hundred_errors_are_listed() -> None:
    report = run(b"name,count\n" + b"A,x\n" * 1_000)

    assert report.error_count == 1_000
    assert len(report.errors) == MAX_ERRORS_SHOWN == 100


def test_check_saves_nothing() -> None:
    importer = DocumentImporter()

    report = importer.check(
        read_csv(BytesIO(b"name,count\nA,1\nB,x\n"), importer.columns)
    )

    assert report.error_count == 1
    assert not Document.objects.exists()


class Command(ImportCommand):
    importer = DocumentImporter


def test_command_reports_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "documents.csv"
    file.write_bytes(b"name,count\nA,1\nB,x\n")
    out, err = StringIO(), StringIO()
    command = Command(stdout=out, stderr=err)

    with pytest.raises(CommandError, match="1 rows are in error"):
        call_command(command, str(file), skip_invalid=True)

    assert "Line 3: count must be a number" in err.getvalue()
    assert "1 rows are saved" in out.getvalue()


@pytest.mark.parametrize("name", ["missing.csv", "documents.xls"])
def test_command_refuses_an_unknown_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError):
        call_command(Command(), str(tmp_path / name))


def test_memory_is_bounded_by_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def save(self: DocumentImporter, items: Collection[Any]) -> None:
        sizes.append(len(items))

    monkeypatch.setattr(DocumentImporter, "batch_size", 10)
    monkeypatch.setattr(DocumentImporter, "save", save)
    run(b"name,count\n" + b"".join(b"A-%d,1\n" % i for i in range(25)))

    assert sizes == [10, 10, 5]
