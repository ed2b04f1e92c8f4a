"""Import of products: on the page, and by the command."""

from decimal import Decimal
from http import HTTPStatus
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django.asserts import assertContains

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.imports import ProductImporter
from apps.catalog.models import Category, Import, Product
from apps.catalog.querysets import EXPORTED
from plinth.data.importer import Report
from plinth.data.readers import read_csv
from plinth.data.writers import stream_csv
from plinth.testing.plugin import Commit
from plinth.testing.queries import queries

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

    with queries() as sql:
        report = import_csv(HEAD + rows)

    assert report == Report(saved=300)
    assert sum("INSERT" in each for each in sql) == 1


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
        (b"A-1,%s,Lamps,1" % (b"x" * 201), "name must be"),
        (b"A-1,Lamp\x00,Lamps,1", "name must be"),
        (b"A-1,Lamp,'; DROP TABLE--,1", "there is no category"),
        (b'A-1,Lamp,Lamps,"12,50"', "price must be like 12.50"),
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


@translation.override("de")
def test_errors_are_translated(category: Category, user: User) -> None:
    rows = b"A 1,Lamp,Lamps,1\nA-1\nA-2,,Nothing,1\n"
    file = SimpleUploadedFile("a.csv", HEAD + rows)

    started = Import.start(user.pk, file, skip_invalid=True)
    Import.run(started.pk)

    started.refresh_from_db()
    assert started.errors.splitlines() == [
        "Zeile 2: sku: erlaubt sind 1 bis 32 Buchstaben, Ziffern, - oder _",
        "Zeile 3: hat 1 Werte für 4 Spalten",
        "Zeile 4: name: erlaubt sind 1 bis 200 Zeichen, in UTF-8",
    ]


def test_own_export_is_imported_unchanged(product: Product) -> None:
    Product.objects.update(name="-10% desk", description="=SUM(A1)\n@home")
    before = list(Product.objects.export())

    report = import_csv("".join(stream_csv(EXPORTED, before)).encode())

    assert report == Report(saved=1)
    assert list(Product.objects.export()) == before


def test_upload_is_imported_and_reported(
    editor: Client, category: Category, commit: Commit
) -> None:
    for data, saved in (({}, 0), ({"skip_invalid": "on"}, 1)):
        with commit():
            file = SimpleUploadedFile("a.csv", MIXED)
            response = editor.post(IMPORT, {"file": file, **data})
        report = editor.get(response["Location"])

        assertContains(report, "1 row is saved." if saved else "nothing is saved")
        assertContains(report, "Line 3: there is no category")
        assert Product.objects.count() == saved


def test_import_needs_permissions(client: Client, user: User) -> None:
    running = Import.objects.create(file="imports/a.csv", skip_invalid=True)
    client.force_login(user)

    for path in (IMPORT, running.get_absolute_url()):
        assert client.get(path).status_code == HTTPStatus.FORBIDDEN
