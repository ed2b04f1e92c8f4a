import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from plinth.database.keyset import InvalidCursorError, paginate
from plinth_tests.models import Document

pytestmark = pytest.mark.django_db

ORDERS = [("-pk",), ("count", "id"), ("-count", "-id"), ("count", "-id"), ("-name",)]


@pytest.fixture
def documents() -> QuerySet[Document]:
    Document.objects.bulk_create(
        Document(name=f"{number % 10}~{number} é", count=number % 3)
        for number in range(25)
    )
    return Document.objects.all()


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_pages_hold_every_row_once_in_order(
    documents: QuerySet[Document], order: tuple[str, ...]
) -> None:
    ordered, seen, after = documents.order_by(*order), [], ""

    while True:
        page = paginate(ordered, 4, after)
        seen += page.rows
        if not page.next:
            break
        after = page.next

    assert seen == list(ordered)


def test_full_last_page_has_no_next(documents: QuerySet[Document]) -> None:
    assert paginate(documents.order_by("id"), 25).next == ""
    assert paginate(documents.order_by("id"), 24).next


def test_a_page_neither_counts_nor_skips_rows(documents: QuerySet[Document]) -> None:
    ordered = documents.order_by("count", "id")
    after = paginate(ordered, 4).next

    with CaptureQueriesContext(connection) as captured:
        paginate(ordered, 4, after)

    (query,) = captured
    assert "COUNT(" not in query["sql"]
    assert "OFFSET" not in query["sql"]
    # The first column bounds the rows, so that an index on (count, id) can start there.
    assert '"count" >= ' in query["sql"]


def test_rows_inserted_meanwhile_shift_no_page(documents: QuerySet[Document]) -> None:
    ordered = documents.order_by("-id")
    first = paginate(ordered, 4)
    Document.objects.create(name="new")

    second = paginate(ordered, 4, first.next)

    assert second.rows == list(ordered[5:9])


@pytest.mark.parametrize(
    "after",
    ["x", "1", "1~2~3", "1~", "~1", "x~1", "1~9" * 300, "1~" + "9" * 30, "%00~1", "\0"],
    ids=lambda after: ascii(after)[:20],
)
def test_made_up_cursor_is_refused(documents: QuerySet[Document], after: str) -> None:
    with pytest.raises(InvalidCursorError):
        paginate(documents.order_by("count", "id"), 4, after)


def test_cursor_past_the_end_is_an_empty_page(documents: QuerySet[Document]) -> None:
    assert paginate(documents.order_by("-id"), 4, "0") == ([], "")


@pytest.mark.parametrize(
    ("order", "error"),
    [((), "must be unique"), (("count",), "must be unique"), (("rank", "id"), "null")],
)
def test_order_must_be_total(order: tuple[str, ...], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        paginate(Document.objects.order_by(*order), 4)
