"""Manuals of products: who gets them, and what is taken for one."""

from http import HTTPStatus

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage.memory import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from apps.accounts.models import User
from apps.catalog import manuals, services
from apps.catalog.models import Product

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"x" * 5_000 + b"\n%%EOF\n"


@pytest.fixture
def editor(client: Client, user: User) -> Client:
    user.user_permissions.set(Permission.objects.filter(codename="change_product"))
    client.force_login(user)
    return client


def upload(
    client: Client, product: Product, content: bytes, name: str = "a.pdf"
) -> str:
    path = reverse("catalog:manual-upload", args=[product.sku])
    response = client.post(
        path, {"file": SimpleUploadedFile(name, content)}, follow=True
    )
    return response.text


def test_a_manual_is_for_who_is_signed_in(
    client: Client, user: User, product: Product
) -> None:
    path = reverse("catalog:manual", args=[product.sku])
    client.force_login(user)
    assert client.get(path).status_code == HTTPStatus.NOT_FOUND
    services.save_manual(product, ContentFile(PDF, "a.pdf"))

    answer = client.get(path)

    assert answer.getvalue() == PDF
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    client.logout()
    assertRedirects(client.get(path), f"{reverse('accounts:sign-in')}?next={path}")


def test_only_who_may_change_products_uploads_a_manual(
    client: Client, user: User, product: Product
) -> None:
    client.force_login(user)
    path = reverse("catalog:manual-upload", args=[product.sku])

    assert client.get(path).status_code == HTTPStatus.FORBIDDEN
    assert client.post(path, {}).status_code == HTTPStatus.FORBIDDEN


def test_a_manual_is_saved_in_the_private_storage(
    editor: Client, product: Product
) -> None:
    page = upload(editor, product, PDF, "../../x.html")

    assert "The manual is saved." in page
    product.refresh_from_db()
    assert str(product.manual.name).startswith("manuals/")
    assert str(product.manual.name).endswith(".pdf")
    assertContains(editor.get(product.get_absolute_url()), "Manual (PDF)")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The submitted file is empty."),
        (b"<script>alert(1)</script>%PDF-1.7\n%%EOF", "This is not a PDF file."),
        (PDF[:3_000], "This is not a PDF file."),
        (PDF + b"x" * 3_000, "This is not a PDF file."),
        (PDF + PDF, "The manual is larger than"),
    ],
)
def test_what_is_no_manual_is_refused_with_the_reason(
    editor: Client,
    product: Product,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    message: str,
) -> None:
    monkeypatch.setattr(manuals, "LIMIT", 10_000)

    assert message in upload(editor, product, content)

    product.refresh_from_db()
    assert not product.manual


def test_a_storage_that_is_down_saves_no_manual_and_says_so(
    editor: Client, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(InMemoryStorage, "_save", fail)

    assert "The storage for files does not answer." in upload(editor, product, PDF)

    product.refresh_from_db()
    assert not product.manual
