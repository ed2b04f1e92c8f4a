"""Manuals that go straight to the bucket: what is signed, and what counts on arrival."""

import json
from base64 import b64decode
from http import HTTPStatus
from typing import Any

import pytest
from botocore.config import Config
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from apps.accounts.models import User
from apps.catalog.models import Product
from plinth.storage import direct_upload
from plinth.storage.s3 import S3Storage

from .test_manuals import PDF

pytestmark = pytest.mark.django_db


class DiskBucket(S3Storage):
    """A bucket that signs as Amazon's client does, and keeps its objects in a dictionary."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            bucket_name="uploads",
            access_key="key",
            secret_key="secret",
            region_name="eu-central-1",
            location="private",
            client_config=Config(
                signature_version="s3v4", s3={"addressing_style": "virtual"}
            ),
            **options,
        )
        self.objects: dict[str, bytes] = {}
        self.connection.meta.client.copy = self.copy
        self.connection.meta.client.get_object = self.get_object

    def copy(self, source: dict[str, str], bucket: str, key: str, **more: Any) -> None:
        self.objects[key] = self.objects[source["Key"]]

    def get_object(self, **asked: str) -> dict[str, ContentFile]:
        first, _, last = asked["Range"].removeprefix("bytes=").partition("-")
        content = self.objects[asked["Key"]][int(first) : int(last) + 1]
        return {"Body": ContentFile(content)}

    def exists(self, name: str) -> bool:
        return f"private/{name}" in self.objects

    def size(self, name: str) -> int:
        return len(self.objects[f"private/{name}"])

    def delete(self, name: str) -> None:
        self.objects.pop(f"private/{name}", None)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> DiskBucket:
    storage = DiskBucket()
    monkeypatch.setattr(uploads, "storage", storage)
    monkeypatch.setattr(Product.manual.field, "storage", storage)
    settings.MEDIA_ORIGIN = "https://uploads.s3.eu-central-1.amazonaws.com"
    return storage


@pytest.fixture
def editor(client: Client, user: User) -> Client:
    user.user_permissions.set(Permission.objects.filter(codename="change_product"))
    client.force_login(user)
    return client


def post(client: Client, name: str, product: Product, ticket: str = "") -> Any:
    return client.post(reverse(name, args=[product.sku]), {"ticket": ticket})


def key_of(grant: dict[str, Any]) -> str:
    return str(grant["fields"]["key"])


def test_the_policy_allows_one_name_one_type_and_so_many_bytes(
    editor: Client, product: Product, bucket: DiskBucket
) -> None:
    grant = post(editor, "catalog:manual-grant", product).json()

    assert grant["url"] == "https://uploads.s3.eu-central-1.amazonaws.com/"
    conditions = json.loads(b64decode(grant["fields"]["policy"]))["conditions"]
    assert {"key": key_of(grant)} in conditions
    assert key_of(grant).startswith("private/incoming/")
    assert {"Content-Type": "application/pdf"} in conditions
    assert ["content-length-range", 1, 200_000_000] in conditions
    assert grant["fields"]["Content-Type"] == "application/pdf"


def test_only_who_may_change_products_is_granted_an_upload(
    client: Client, user: User, product: Product, bucket: DiskBucket
) -> None:
    client.force_login(user)

    for name in ("catalog:manual-grant", "catalog:manual-take"):
        assert post(client, name, product).status_code == HTTPStatus.FORBIDDEN


def test_what_has_arrived_counts_once_it_is_looked_at(
    editor: Client, product: Product, bucket: DiskBucket
) -> None:
    grant = post(editor, "catalog:manual-grant", product).json()
    bucket.objects[key_of(grant)] = PDF

    answer = post(editor, "catalog:manual-take", product, grant["ticket"])

    assert answer.json() == {"next": product.get_absolute_url()}
    product.refresh_from_db()
    assert bucket.objects == {f"private/{product.manual.name}": PDF}
    assert str(product.manual.name).startswith("manuals/")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"<script>alert(1)</script>", "This is not a PDF file."),
        (None, "The file has not arrived: choose it again."),
    ],
)
def test_what_is_no_manual_does_not_count_and_does_not_stay(
    editor: Client,
    product: Product,
    bucket: DiskBucket,
    content: bytes | None,
    error: str,
) -> None:
    grant = post(editor, "catalog:manual-grant", product).json()
    if content:
        bucket.objects[key_of(grant)] = content

    answer = post(editor, "catalog:manual-take", product, grant["ticket"])

    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert not bucket.objects
    product.refresh_from_db()
    assert not product.manual


def test_a_ticket_is_for_one_product_and_cannot_be_made_up(
    editor: Client, product: Product, bucket: DiskBucket
) -> None:
    grant = post(editor, "catalog:manual-grant", product).json()
    bucket.objects[key_of(grant)] = PDF
    other = Product.objects.create(
        sku="L-2", name="Lamp", category=product.category, price=1
    )

    assert (
        post(editor, "catalog:manual-take", other, grant["ticket"]).status_code == 400
    )
    for ticket in ("", "x", f"{grant['ticket']}x", "\0"):
        assert post(editor, "catalog:manual-take", product, ticket).status_code == 400
    assert bucket.objects == {key_of(grant): PDF}


def test_a_bucket_that_is_down_is_told(
    editor: Client,
    product: Product,
    bucket: DiskBucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant = post(editor, "catalog:manual-grant", product).json()

    def fail(name: str) -> bool:
        raise OSError("no answer")

    monkeypatch.setattr(bucket, "exists", fail)
    answer = post(editor, "catalog:manual-take", product, grant["ticket"])

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["error"].startswith("The storage for files does not answer")


def test_without_a_bucket_the_form_sends_the_file_to_the_site(
    editor: Client, product: Product, settings: Settings
) -> None:
    path = reverse("catalog:manual-upload", args=[product.sku])
    assertNotContains(editor.get(path), "data-grant")

    settings.MEDIA_ORIGIN = "https://uploads.s3.eu-central-1.amazonaws.com"
    assertContains(editor.get(path), "data-grant")
    assertContains(editor.get(path), "js/upload.js")
