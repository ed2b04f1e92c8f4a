"""The writes: how many queries, which columns, and that nothing is lost."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.catalog import formats, services
from apps.catalog.bulk import Entry
from apps.catalog.models import Category, Product, Review
from apps.catalog.services import ImportReport

pytestmark = pytest.mark.django_db

HEAD = b"sku,name,category,price\n"


@pytest.fixture
def other() -> User:
    return User.objects.create_user("bo@example.com")


# One row


@pytest.mark.practice(13)
def test_an_update_names_the_columns_that_changed(product: Product) -> None:
    product.price = 20
    with CaptureQueriesContext(connection) as captured:
        services.save_product(product, ["price"])

    (sql,) = [q["sql"] for q in captured if q["sql"].startswith("UPDATE")]
    columns = sql.partition(" SET ")[2].partition(" WHERE ")[0]
    assert columns.count('" = ') == 2
    assert '"price" = ' in columns
    assert '"modified" = ' in columns


@pytest.mark.practice(13)
def test_two_who_change_different_fields_of_a_product_both_do(product: Product) -> None:
    one = Product.objects.get()
    two = Product.objects.get()

    one.name = "Copper lamp"
    services.save_product(one, ["name"])
    two.price = 20
    services.save_product(two, ["price"])

    product.refresh_from_db()
    assert (product.name, product.price) == ("Copper lamp", Decimal(20))


@pytest.mark.practice(13)
def test_a_review_is_added_to_the_counters_in_the_database(
    product: Product, user: User, other: User
) -> None:
    with CaptureQueriesContext(connection) as captured:
        services.write_review(product.pk, user.pk, 5, "")
    services.write_review(product.pk, other.pk, 2, "")

    (sql,) = [q["sql"] for q in captured if q["sql"].startswith("UPDATE")]
    assert '"review_count" = ("catalog_product"."review_count" + 1)' in sql
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (2, 7)
    assert product.rating == 3.5


@pytest.mark.practice(13)
def test_a_changed_review_updates_its_own_columns(product: Product, user: User) -> None:
    services.write_review(product.pk, user.pk, 5, "")

    with CaptureQueriesContext(connection) as captured:
        services.write_review(product.pk, user.pk, 3, "Less so")

    start = 'UPDATE "catalog_review"'
    (update,) = [q["sql"] for q in captured if q["sql"].startswith(start)]
    assert '"rating" = ' in update
    assert "created" not in update
    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (1, 3)


def test_a_removed_review_is_taken_from_the_counters(
    product: Product, user: User, other: User
) -> None:
    review = services.write_review(product.pk, user.pk, 5, "")
    services.write_review(product.pk, other.pk, 2, "")

    services.remove_review(review)

    product.refresh_from_db()
    assert (product.review_count, product.rating_sum) == (1, 2)


def test_a_review_and_its_count_are_saved_together_or_not_at_all(
    product: Product, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(services, "count", fail)

    with pytest.raises(RuntimeError):
        services.write_review(product.pk, user.pk, 5, "")

    assert not Review.objects.exists()


def test_the_database_holds_one_review_of_each_and_no_impossible_rating(
    product: Product, user: User
) -> None:
    services.write_review(product.pk, user.pk, 5, "")

    for rating in (4, 6):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(
                product=product, user=user if rating == 4 else None, rating=rating
            )


def test_who_leaves_leaves_their_reviews(product: Product, user: User) -> None:
    services.write_review(product.pk, user.pk, 5, "")

    user.delete()

    assert Review.objects.get().user is None


# Import


def import_csv(text: bytes, *, keep_good: bool = True) -> ImportReport:
    return services.import_products(
        formats.read_csv(BytesIO(text)), keep_good=keep_good
    )


def import_json(text: bytes) -> ImportReport:
    return services.import_products(
        formats.read_json_lines(BytesIO(text)), keep_good=True
    )


@pytest.mark.practice(7)
def test_a_thousand_rows_are_saved_by_one_statement(category: Category) -> None:
    rows = b"".join(b"A-%d,Lamp %d,Lamps,1.50\n" % (i, i) for i in range(1_000))

    with CaptureQueriesContext(connection) as captured:
        report = import_csv(HEAD + rows)

    assert (report.saved, report.error_count) == (1_000, 0)
    assert sum("INSERT" in query["sql"] for query in captured) == 1
    # The categories, the transaction's own, and for COPY a table to copy into.
    assert len(captured) <= 7


def test_the_database_has_a_value_for_each_column_that_a_file_has_not() -> None:
    """On PostgreSQL rows are copied past the model, and past its own defaults."""
    named = {*Entry._fields, "is_published", "id"}

    for field in Product._meta.concrete_fields:  # noqa: SLF001
        assert field.attname in named or field.null or field.has_db_default()


@pytest.mark.practice(7)
def test_a_known_product_is_changed_and_keeps_its_counters(
    product: Product, user: User
) -> None:
    services.write_review(product.pk, user.pk, 5, "")

    import_csv(HEAD + b"L-1,Copper lamp,Lamps,1\nL-1,Tin lamp,Lamps,2.5\n")

    product.refresh_from_db()
    # The later row wins.
    assert (product.name, product.price, product.review_count) == (
        "Tin lamp",
        Decimal("2.5"),
        1,
    )


BAD_ROWS = [
    (b"A 1,Lamp,Lamps,1", "sku must be"),
    (b"A-1, ,Lamps,1", "name must be"),
    (b"A-1,%s,Lamps,1" % (b"x" * 201), "name must be"),
    (b"A-1,Lamp\x00,Lamps,1", "name must be"),
    (b"A-1,L\xe4mp,Lamps,1", "name must be"),
    (b"A-1,Lamp,'; DROP TABLE--,1", "there is no category"),
    (b"A-1,Lamp,Lamps,NaN", "price must be"),
    (b"A-1,Lamp,Lamps,1e9", "price must be"),
    (b"A-1,Lamp,Lamps,-1", "price must be"),
    (b"A-1,Lamp,Lamps,999999999", "price must be"),
    (b"A-1,Lamp,Lamps", "has 3 values for 4 columns"),
    (b'A-1,"Lamp" x,Lamps,1', "expected after"),
]


@pytest.mark.parametrize(("row", "message"), BAD_ROWS)
def test_a_row_in_error_is_reported_and_the_good_ones_are_kept(
    category: Category, row: bytes, message: str
) -> None:
    report = import_csv(HEAD + b"B-1,Lamp,Lamps,1\n" + row + b"\nB-2,Lamp,Lamps,1\n")

    ((line, said),) = report.errors
    assert line == 3
    assert message in said
    assert report.saved == Product.objects.count() == 2


@pytest.mark.parametrize(("row", "message"), BAD_ROWS)
def test_a_row_in_error_refuses_all_where_that_is_asked_for(
    category: Category, row: bytes, message: str
) -> None:
    good = b"".join(b"B-%d,Lamp,Lamps,1\n" % i for i in range(1_500))
    report = import_csv(HEAD + good + row + b"\n" + good, keep_good=False)

    assert (report.saved, report.error_count) == (0, 1)
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (b"", 1),
        (b"\x00\x01", 1),
        ("sku,name".encode("utf-16"), 1),
        (b"sku,name,category,price,colour\n", 1),
        (b'"sku', 1),
        (HEAD + b"A-1,Lamp,Lamps,1\n" + b"x" * 100_000_000, 3),
        (HEAD + b'A-1,Lamp,Lamps,1\nA-2,"' + b"x\n" * 1_000_000, 3),
    ],
    ids=["empty", "binary", "utf-16", "column", "quote", "100 MB line", "open quote"],
)
def test_a_file_that_is_broken_is_read_up_to_there(
    category: Category, file: bytes, line: int
) -> None:
    report = import_csv(file)

    assert report.errors[0][0] >= line
    assert report.saved == Product.objects.count() == (line > 1)


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_name(
    category: Category,
) -> None:
    assert import_csv(b"\xef\xbb\xbf" + HEAD + b"A-1,L,Lamps,1\r\n").saved == 1


def test_json_lines_are_imported(category: Category) -> None:
    good = b'{"sku": "A-1", "name": "L\\u00e4mp", "category": "Lamps", "price": 12.50}'

    report = import_json(good + b"\n\n" + good.replace(b"A-1", b"A-2"))

    assert (report.saved, report.errors) == (2, [])
    assert set(Product.objects.values_list("name", flat=True)) == {"Lämp"}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[" * 60_000,
        b"[]",
        b"1",
        b'{"sku": "A-1"}',
        b'{"sku": "A-1", "name": "L", "category": "Lamps", "price": null}',
        b'{"sku": "A-1", "name": ["L"], "category": "Lamps", "price": 1}',
        b'{"sku": "A-1", "name": "L", "category": "Lamps", "price": NaN}',
        b'{"sku": "A-1", "name": "\\ud800", "category": "Lamps", "price": 1}',
        b'{"sku": "A-1", "name": "\\u0000", "category": "Lamps", "price": 1}',
        b'{"sku": "A-1", "name": "L", "category": "Lamps", "price": %s}'
        % (b"9" * 5000),
    ],
    ids=lambda line: line[:60].decode(),
)
def test_a_json_line_in_error_is_reported(category: Category, line: bytes) -> None:
    report = import_json(line)

    assert (report.saved, report.error_count) == (0, 1)


def test_of_many_errors_the_first_hundred_are_kept(category: Category) -> None:
    report = import_csv(HEAD + b"x\n" * 1_000)

    assert (report.error_count, len(report.errors)) == (1_000, 100)


def test_the_command_imports_a_file(
    category: Category, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(HEAD + b"A-1,Lamp,Lamps,1\nA-2,Lamp,Nothing,1\n")

    with pytest.raises(CommandError, match="1 rows are in error"):
        call_command("import_products", str(file), keep_good=True)

    said = capsys.readouterr()
    assert "Line 3: there is no category" in said.err
    assert "1 products are saved" in said.out


@pytest.mark.parametrize("name", ["missing.csv", "products.xls"])
def test_the_command_refuses_what_is_no_such_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError):
        call_command("import_products", str(tmp_path / name))
