"""Import of products: on the page, and by the command."""

from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.imports import ProductImporter
from apps.catalog.models import Category, Import, Product
from plinth.data.importer import Report
from plinth.data.readers import read_csv
from plinth.data.writers import stream_csv
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.django_db

IMPORT = reverse("catalog:import")
HEAD = b"sku,name,category,price\n"
MIXED = HEAD + b"A-1,Lamp,Lamps,1\nA-2,Lamp,Nothing,1\n"


def import_csv(text: bytes) -> Report:
    importer = ProductImporter()
    rows = read_csv(BytesIO(text), importer.columns)
    return importer.run(rows, skip_invalid=True)


@pytest.mark.practice(7)
def test_a_batch_is_saved_by_one_statement(category: Category) -> None:
    rows = b"".join(b"A-%d,Lamp %d,Lamps,1.50\n" % (i, i) for i in range(300))

    with CaptureQueriesContext(connection) as captured:
        report = import_csv(HEAD + rows)

    assert report == Report(saved=300)
    assert sum("INSERT" in query["sql"] for query in captured) == 1


@pytest.mark.practice(7)
def test_known_product_is_changed_and_keeps_its_counters(
    product: Product, user: User
) -> None:
    services.save_review(product.pk, user.pk, 5, "")

    import_csv(HEAD + b"L-1,Copper lamp,Lamps,1\nL-1,Tin lamp,Lamps,2.5\n")

    product.refresh_from_db()
    # The later row wins.
    assert (product.name, product.price) == ("Tin lamp", Decimal("2.5"))
    assert product.review_count == 1


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (b"A 1,Lamp,Lamps,1", "sku must be"),
        (b"A-1, ,Lamps,1", "name must be"),
        (b"A-1,%s,Lamps,1" % (b"x" * 201), "name must be"),
        (b"A-1,Lamp\x00,Lamps,1", "name must be"),
        (b"A-1,L\xe4mp,Lamps,1", "name must be"),
        (b"A-1,Lamp,'; DROP TABLE--,1", "there is no category"),
        (b'A-1,Lamp,Lamps,"12,50"', "price must be like 12.50"),
        (b"A-1,Lamp,Lamps,NaN", "price must be"),
        (b"A-1,Lamp,Lamps,1e9", "price must be"),
        (b"A-1,Lamp,Lamps,-1", "price must be"),
        (b"A-1,Lamp,Lamps,999999999", "price must be"),
    ],
)
def test_invalid_row_is_reported_by_its_line(
    category: Category, row: bytes, error: str
) -> None:
    report = import_csv(HEAD + b"B-1,Lamp,Lamps,1\n" + row + b"\nB-2,Lamp,Lamps,1\n")

    ((line, said),) = report.errors
    assert line == 3
    assert error in said
    assert report.saved == Product.objects.count() == 2


def test_own_export_is_imported_unchanged(product: Product) -> None:
    Product.objects.update(name="-10% desk", description="=SUM(A1)\n@home")
    before = list(Product.objects.export())
    header = ["sku", "name", "category", "price", "description", "reviews"]

    report = import_csv("".join(stream_csv(header, before)).encode())

    assert report == Report(saved=1)
    assert list(Product.objects.export()) == before


# The page

Post = Callable[..., Any]


@pytest.fixture
def post(editor: Client, commit: Commit) -> Post:
    """Upload a file and follow the redirect."""

    def post(content: bytes, name: str = "a.csv", **data: object) -> Any:
        upload = {"file": SimpleUploadedFile(name, content), **data}
        with commit():
            response = editor.post(IMPORT, upload)
        return editor.get(response["Location"]) if "Location" in response else response

    return post


def test_import_needs_permissions(client: Client, user: User) -> None:
    running = Import.objects.create(file="imports/a.csv", skip_invalid=True)
    assert client.get(IMPORT).status_code == HTTPStatus.FOUND
    client.force_login(user)

    for path in (IMPORT, running.get_absolute_url()):
        assert client.get(path).status_code == HTTPStatus.FORBIDDEN


def test_valid_rows_are_saved_and_errors_shown(post: Post, category: Category) -> None:
    response = post(MIXED, skip_invalid="on")

    assertContains(response, "1 row is saved.")
    assertContains(response, "Line 3: there is no category")
    assert Product.objects.get().sku == "A-1"


def test_error_refuses_the_file(post: Post, category: Category) -> None:
    response = post(MIXED)

    assertContains(response, "1 row in error, nothing is saved")
    assert not Product.objects.exists()


def test_other_file_is_refused(post: Post) -> None:
    response = post(b"x", "a.xls")

    assertContains(response, "This is neither", status_code=HTTPStatus.BAD_REQUEST)
    assert not Import.objects.exists()


def test_command_imports_a_file(
    category: Category, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(MIXED)

    with pytest.raises(CommandError, match="1 rows are in error"):
        call_command("import_products", str(file), skip_invalid=True)

    assert "1 rows are saved" in capsys.readouterr().out
