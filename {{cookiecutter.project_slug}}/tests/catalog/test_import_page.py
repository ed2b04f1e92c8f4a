from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.asserts import assertContains

from apps.accounts.models import User
from apps.catalog import forms
from apps.catalog.models import Category, Import, Product

pytestmark = pytest.mark.django_db

Post = Callable[..., HttpResponse]

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


@pytest.fixture
def post(
    staff: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Post:
    """Upload a file, and see where that leads."""

    def post(*args: Any, **kwargs: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            response = staff.post(IMPORT, upload(*args, **kwargs))
        return staff.get(response["Location"]) if "Location" in response else response

    return post


def test_the_good_rows_are_kept_and_the_others_reported(
    post: Post, category: Category
) -> None:
    response = post(MIXED, keep_good="on")

    assertContains(response, "1 product is saved.")
    assertContains(response, "Line 3: there is no category")
    assert Product.objects.get().sku == "A-1"


def test_all_are_refused_where_one_is_in_error(post: Post, category: Category) -> None:
    response = post(MIXED)

    assertContains(response, "1 row in error, nothing is saved")
    assertContains(response, "Line 3: there is no category")
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.csv", "The submitted file is empty."),
        (b"x", "a.xls", "This is neither"),
        (b"x" * 2_000, "a.csv", "The file is larger than"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_the_reason(
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    name: str,
    message: str,
) -> None:
    monkeypatch.setattr(forms, "UPLOAD_LIMIT", 1_000)

    response = post(content, name)

    assertContains(response, message, status_code=HTTPStatus.BAD_REQUEST)
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"\x00\xff\xfe", "a.csv", "must name sku"),
        (b"x" * 100_000, "a.jsonl", "is longer than 65,536 bytes"),
        (b"<script>,name\n", "../../a.csv", "must name sku"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_with_the_reason(
    post: Post, content: bytes, name: str, message: str
) -> None:
    assertContains(post(content, name), message)


def test_a_large_file_is_looked_at_again_until_it_is_over(staff: Client) -> None:
    begun = Import.objects.create(file="imports/a.csv", keep_good=True)
    assertContains(staff.get(begun.get_absolute_url()), "Waiting for a worker.")

    Import.objects.update(state=Import.State.SAVING, percent=42)
    page = staff.get(begun.get_absolute_url())
    assertContains(page, "Saving the products: 42 %.")
    assert page["Refresh"] == "2"
    assert page["Cache-Control"] == "private, no-store"

    Import.objects.update(state=Import.State.FAILED, finished=timezone.now())
    page = staff.get(begun.get_absolute_url())
    assertContains(page, "The import broke off")
    assert "Refresh" not in page


def test_only_who_may_change_products_sees_how_far_it_is(
    client: Client, user: User
) -> None:
    client.force_login(user)
    begun = Import.objects.create(file="imports/a.csv", keep_good=True)

    response = client.get(begun.get_absolute_url())

    assert response.status_code == HTTPStatus.FORBIDDEN


def test_who_uploads_hears_that_the_storage_is_down(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_storage, "save", Mock(side_effect=ConnectionError))

    response = post(MIXED)

    assertContains(response, "could not be taken", status_code=503)
    assert Import.objects.get().state == Import.State.FAILED
