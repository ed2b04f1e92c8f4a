"""Pictures and manuals: who uploads and reads them, and that none is left behind."""

import re
from http import HTTPStatus
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.storage.memory import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from apps.accounts.models import User
from apps.catalog import services, views
from apps.catalog.admin import ProductForm
from apps.catalog.forms import MANUAL_MAX_BYTES
from apps.catalog.models import Product
from plinth.data.forms import ImportForm
from plinth.testing.forms import submit
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"x" * 5_000 + b"\n%%EOF\n"


def picture(size: tuple[int, int] = (80, 60)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG")
    return out.getvalue()


def change(client: Client, product: Product, **fields: object) -> Any:
    """Change a product in the admin."""
    path = reverse("admin:catalog_product_change", args=[product.pk])
    response = submit(client, path, **fields)
    product.refresh_from_db()
    return response


def upload(content: bytes, name: str = "a.jpg") -> SimpleUploadedFile:
    file = SimpleUploadedFile("a.jpg", content)
    vars(file)["_name"] = name  # as a hostile client sends it
    return file


@pytest.fixture(autouse=True)
def empty_storage() -> None:
    storage = storages["public"]
    for name in storage.listdir("pictures")[1] if storage.exists("pictures") else []:
        storage.delete(f"pictures/{name}")


# Pictures


def test_pages_show_the_picture_and_its_thumbnail(
    admin_client: Client, product: Product, commit: Commit
) -> None:
    products = reverse("catalog:products")
    with commit():
        file = upload(picture((1_700, 850)), "../../settings.py")
        change(admin_client, product, picture=file)
        # Until the task has run, lists show the picture.
        assertContains(admin_client.get(products), product.picture.url)
    product.refresh_from_db()

    assert re.fullmatch(r"pictures/\w{32}\.webp", str(product.picture.name))
    page = admin_client.get(product.get_absolute_url())
    assertContains(page, f'src="{product.picture.url}"')
    assertContains(page, 'width="1600"')
    assertContains(admin_client.get(products), f'src="{product.thumbnail.url}"')
    with Image.open(product.thumbnail) as image:
        assert image.size == Product.thumbnail_size

    with commit():
        change(admin_client, product, **{"picture-clear": "on"})
    assert not storages["public"].listdir("pictures")[1]


# Manuals


def test_file_is_not_parsed_without_the_permission(
    user: User, product: Product
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    client.get(reverse("accounts:profile"))  # sets the CSRF cookie
    manual = reverse("catalog:manual-upload", args=[product.sku])
    for page in (manual, reverse("catalog:import")):
        response = client.post(page, {"file": upload(PDF)})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not hasattr(response.wsgi_request, "_files")


def upload_manual(client: Client, product: Product, content: bytes) -> Any:
    path = reverse("catalog:manual-upload", args=[product.sku])
    return client.post(path, {"file": upload(content, "../../x.html")}, follow=True)


def test_manual_is_for_signed_in_users(
    client: Client, user: User, product: Product
) -> None:
    path = reverse("catalog:manual", args=[product.sku])
    assertRedirects(client.get(path), f"{reverse('accounts:sign-in')}?next={path}")
    client.force_login(user)
    assert client.get(path).status_code == HTTPStatus.NOT_FOUND
    services.save_manual(product, ContentFile(PDF, "a.pdf"))

    response = client.get(path)

    assert response.getvalue() == PDF
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("name", ["catalog:manual-upload", "catalog:manual-direct"])
def test_upload_needs_the_permission_and_a_published_product(
    user: User, editor: Client, product: Product, name: str
) -> None:
    path = reverse(name, args=[product.sku])
    Product.objects.update(is_published=False)
    assert editor.post(path).status_code == HTTPStatus.NOT_FOUND

    user.user_permissions.clear()
    assert editor.post(path).status_code == HTTPStatus.FORBIDDEN


def test_manual_is_checked_and_stored_under_a_random_name(
    editor: Client, product: Product
) -> None:
    refused = upload_manual(editor, product, b"<script>")
    assertContains(refused, "This is not a PDF file.", status_code=400)
    assertContains(upload_manual(editor, product, PDF), "The manual is saved.")

    product.refresh_from_db()
    assert re.fullmatch(r"manuals/\w{32}\.pdf", str(product.manual.name))
    assertContains(editor.get(product.get_absolute_url()), "Manual (PDF)")


def test_unavailable_storage_saves_nothing(
    admin_client: Client, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InMemoryStorage, "_save", Mock(side_effect=OSError))
    text = "The file storage does not answer. Nothing is saved"

    page = change(admin_client, product, picture=upload(picture()))
    assertContains(page, text)
    assertContains(upload_manual(admin_client, product, PDF), text, status_code=503)

    product.refresh_from_db()
    assert (product.picture.name, product.manual.name) == ("", "")


def test_manual_is_uploaded_directly_with_a_bucket(
    editor: Client, product: Product, settings: Settings
) -> None:
    settings.UPLOADS = SimpleNamespace(direct=True)
    path = reverse("catalog:manual-upload", args=[product.sku])
    assertContains(editor.get(path), "plinth/direct_upload.js")

    view = views.ManualDirectUploadView(kwargs={"sku": product.sku})
    file: Any = ContentFile(PDF, view.get_name())
    assert view.get_owner() == product.pk
    assert view.save(file) == product.get_absolute_url()
    product.refresh_from_db()
    assert product.manual.name == file.name


def test_direct_upload_without_a_bucket_is_not_found(
    editor: Client, product: Product
) -> None:
    response = editor.post(reverse("catalog:manual-direct", args=[product.sku]))

    assert response.status_code == HTTPStatus.NOT_FOUND


def test_nginx_accepts_the_largest_files(settings: Settings) -> None:
    folder = settings.BASE_DIR / "deploy" / "nginx"
    if not folder.exists():
        pytest.skip("no deploy/nginx here")
    text = "".join(path.read_text() for path in folder.glob("*.conf"))
    _, forms, manuals = sorted(map(int, re.findall(r"max_body_size (\d+)m;", text)))
    image: Any = ProductForm.base_fields["picture"]
    largest = max(ImportForm.max_bytes, image.max_bytes)

    assert largest + 2**20 < forms * 2**20 < largest * 1.2
    assert MANUAL_MAX_BYTES + 2**20 < manuals * 2**20 < MANUAL_MAX_BYTES * 1.2
