from http import HTTPStatus

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains

from apps.accounts.models import User
from apps.catalog import forms
from apps.catalog.models import Category, Product

pytestmark = pytest.mark.django_db

IMPORT = reverse("catalog:import")
MIXED = b"sku,name,category,price\nA-1,Lamp,Lamps,1\nA-2,Lamp,Nothing,1\n"


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["add_product", "change_product"])
    )
    client.force_login(user)
    return client


def upload(content: bytes, name: str = "a.csv", **data: object) -> dict[str, object]:
    return {"file": SimpleUploadedFile(name, content), **data}


def test_only_who_may_change_products_imports_them(client: Client, user: User) -> None:
    assert client.get(IMPORT).status_code == HTTPStatus.FOUND
    client.force_login(user)
    assert client.post(IMPORT, upload(MIXED)).status_code == HTTPStatus.FORBIDDEN


def test_the_good_rows_are_kept_and_the_others_reported(
    staff: Client, category: Category
) -> None:
    response = staff.post(IMPORT, upload(MIXED, keep_good="on"))

    assertContains(response, "1 product is saved.")
    assertContains(response, "Line 3: there is no category")
    assert Product.objects.get().sku == "A-1"


def test_all_are_refused_where_one_is_in_error(
    staff: Client, category: Category
) -> None:
    response = staff.post(IMPORT, upload(MIXED))

    assertContains(response, "nothing is saved", status_code=HTTPStatus.BAD_REQUEST)
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.csv", "The submitted file is empty."),
        (b"x", "a.xls", "This is neither"),
        (b"\x00\xff\xfe", "a.csv", "must name sku"),
        (b"x" * 100_000, "a.jsonl", "is longer than 65,536 bytes"),
        (b"x" * 2_000, "a.csv", "The file is larger than"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_the_reason(
    staff: Client,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    name: str,
    message: str,
) -> None:
    if message.startswith("The file is larger"):
        monkeypatch.setattr(forms, "UPLOAD_LIMIT", 1_000)

    response = staff.post(IMPORT, upload(content, name))

    assertContains(response, message, status_code=HTTPStatus.BAD_REQUEST)
