"""`upsert`, on the database that DATABASE_URL names: COPY is PostgreSQL's."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plinth.database.upsert import upsert
from plinth_tests.models import Document

pytestmark = [pytest.mark.django_db, pytest.mark.practice(7)]


def save(*rows: tuple[str, str]) -> None:
    upsert(Document, ["name", "note"], rows, unique_fields=["name"])


def test_new_rows_are_inserted_with_defaults() -> None:
    save(("A", 'tab\t "quote" \\N'), ("B", ""))

    rows = Document.objects.order_by("name").values_list(
        "name", "note", "count", "rank"
    )
    assert list(rows) == [("A", 'tab\t "quote" \\N', 7, None), ("B", "", 7, None)]
    assert Document.objects.earliest("modified").modified


def test_known_rows_are_updated_in_their_named_columns() -> None:
    Document.objects.create(name="A", note="old", count=3)

    save(("A", "new"), ("B", "b"))

    known = Document.objects.get(name="A")
    assert (known.note, known.count) == ("new", 3)
    assert Document.objects.count() == 2


def test_two_batches_in_one_transaction() -> None:
    save(("A", "one"))
    save(("A", "two"))
    upsert(Document, ["name", "count"], [("A", 5)], unique_fields=["name"])

    known = Document.objects.get()
    assert (known.note, known.count) == ("two", 5)


def test_a_thousand_rows_are_one_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        save(*((f"A-{number}", "") for number in range(1_000)))

    assert sum("INSERT" in query["sql"] for query in captured) == 1
    # A savepoint, and for COPY a table to copy into.
    assert len(captured) <= 6


def test_no_rows_are_no_statement(django_assert_num_queries: object) -> None:
    with CaptureQueriesContext(connection) as captured:
        save()

    assert not captured
