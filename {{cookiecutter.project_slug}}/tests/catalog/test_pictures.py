"""Pictures of products: what is taken, what is refused, and that nothing stays behind."""

import struct
import zlib
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.storage.memory import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.asserts import assertContains

from apps.catalog import pictures, services
from apps.catalog.models import Product

pytestmark = pytest.mark.django_db

UNREADABLE = "This is not a picture that can be read"
SCRIPT = b"<script>alert(1)</script>"


def picture(
    size: tuple[int, int] = (800, 600), kind: str = "JPEG", **more: object
) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it has so many pixels a side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        head = struct.pack(">I", len(data)) + kind + data
        return head + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    )


def fields(product: Product, **more: object) -> dict[str, object]:
    return {
        "sku": product.sku,
        "name": product.name,
        "category": product.category_id,
        "price": "12.50",
        "is_published": "on",
        **more,
    }


def change(
    client: Client, product: Product, content: bytes, name: str = "a.jpg"
) -> str:
    """Send a picture by the admin's form; return the page that comes."""
    path = reverse("admin:catalog_product_change", args=[product.pk])
    upload = SimpleUploadedFile(name, content)
    response = client.post(path, fields(product, picture=upload), follow=True)
    assert response.status_code == HTTPStatus.OK
    return response.text


def stored() -> set[str]:
    """The names of all files in the public storage."""
    storage = storages["public"]
    if not storage.exists("products"):
        return set()
    return {f"products/{name}" for name in storage.listdir("products")[1]}


@pytest.fixture(autouse=True)
def an_empty_storage() -> None:
    for name in stored():
        storages["public"].delete(name)


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a")]
)
def test_a_picture_is_written_anew_under_a_name_that_nobody_can_guess(
    admin_client: Client, product: Product, kind: str, name: str
) -> None:
    change(admin_client, product, picture((3_200, 1_800), kind), name)

    product.refresh_from_db()
    assert str(product.picture.name).startswith("products/")
    assert len(Path(str(product.picture.name)).stem) == 32
    assert (product.picture_width, product.picture_height) == (1_600, 900)
    with Image.open(product.picture) as image:
        assert (image.format, image.size) == ("WEBP", (1_600, 900))


def test_what_a_file_holds_beside_its_picture_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Taken at home"
    exif[0x0112] = 6  # lies on its side
    upload = picture((400, 200), exif=exif, comment=SCRIPT) + SCRIPT + b"PK\x03\x04"

    content = pictures.rewrite(ContentFile(upload)).read()

    assert b"Taken at home" not in content
    assert b"script" not in content
    assert b"PK\x03\x04" not in content
    with Image.open(BytesIO(content)) as image:
        assert image.size == (200, 400)
        assert not image.getexif()


REFUSED = {
    "nothing": (b"", "a.jpg", "The submitted file is empty."),
    "noise": (b"x" * 100, "a.jpg", UNREADABLE),
    "a drawing": (
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT,
        "a.svg",
        UNREADABLE,
    ),
    "a drawing under another name": (
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT,
        "a.png",
        UNREADABLE,
    ),
    "another format": (picture(kind="GIF"), "a.jpg", UNREADABLE),
    "another format with a script": (b"GIF89a" + SCRIPT, "a.gif", UNREADABLE),
    "half a JPEG": (picture()[:900], "a.jpg", UNREADABLE),
    "half a PNG": (picture(kind="PNG")[:60], "a.png", UNREADABLE),
    "a PNG that holds less than it says": (bomb(100), "a.png", UNREADABLE),
    "a small bomb": (bomb(5_001), "a.png", "more than 25 million pixels"),
    "a large bomb": (bomb(60_000), "a.png", "more than 25 million pixels"),
    "a large file": (picture() + b"\0" * 10_000_000, "a.jpg", "larger than 10 MB"),
}


@pytest.mark.parametrize(("content", "name", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_picture_is_refused_with_the_reason(
    admin_client: Client, product: Product, content: bytes, name: str, message: str
) -> None:
    page = change(admin_client, product, content, name)

    assert message in page
    product.refresh_from_db()
    assert not product.picture
    assert not stored()


@pytest.mark.parametrize(
    "name",
    ["../../settings.py", "..\\a.jpg", "a\0.jpg", "/etc/passwd", "é" * 300, "a.php"],
)
def test_the_name_of_an_upload_decides_nothing(
    admin_client: Client, product: Product, name: str
) -> None:
    upload = SimpleUploadedFile("a.jpg", picture())
    vars(upload)["_name"] = name  # as a hostile browser writes it
    path = reverse("admin:catalog_product_change", args=[product.pk])
    admin_client.post(path, fields(product, picture=upload))

    product.refresh_from_db()
    assert stored() == {product.picture.name}


def test_a_picture_is_shown_with_its_measures_and_lazily_in_lists(
    admin_client: Client,
    client: Client,
    product: Product,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(admin_client, product, picture((800, 600)))
    product.refresh_from_db()

    page = client.get(product.get_absolute_url())
    assertContains(page, f'src="{product.picture.url}"')
    assertContains(page, 'width="800"')
    listed = client.get(reverse("catalog:products"))
    assertContains(listed, f'src="{product.thumbnail.url}"')
    assertContains(listed, 'loading="lazy"')
    with Image.open(product.thumbnail) as image:
        assert image.size == pictures.THUMBNAIL


def test_a_list_shows_the_picture_while_there_is_no_thumbnail(
    admin_client: Client, client: Client, product: Product
) -> None:
    change(admin_client, product, picture())

    product.refresh_from_db()
    assert not product.thumbnail
    assertContains(client.get(reverse("catalog:products")), product.picture.url)


def test_a_thumbnail_of_a_picture_that_was_replaced_is_thrown_away(
    admin_client: Client, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(admin_client, product, picture())

    def replaced_meanwhile(file: object) -> ContentFile:
        Product.objects.update(picture="products/another.webp")
        return ContentFile(b"thumbnail")

    monkeypatch.setattr(pictures, "thumbnail", replaced_meanwhile)
    before = stored()
    services.make_thumbnail(product.pk)

    product.refresh_from_db()
    assert not product.thumbnail
    assert stored() == before


@pytest.mark.parametrize(
    "how", ["replaced", "cleared", "deleted", "deleted with others"]
)
def test_a_picture_that_is_no_longer_shown_is_removed_on_commit(
    admin_client: Client,
    product: Product,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    how: str,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(admin_client, product, picture())
    before = stored()
    assert len(before) == 2

    path = reverse("admin:catalog_product_change", args=[product.pk])
    with django_capture_on_commit_callbacks(execute=True):
        match how:
            case "replaced":
                change(admin_client, product, picture((90, 60)))
            case "cleared":
                admin_client.post(path, fields(product, **{"picture-clear": "on"}))
            case "deleted":
                admin_client.post(path.replace("change", "delete"), {"post": "yes"})
            case _:
                data = {"action": "delete_selected", "_selected_action": product.pk}
                listing = reverse("admin:catalog_product_changelist")
                admin_client.post(listing, data | {"post": "yes"})
        # Until the change is committed, the old one is what everybody sees.
        assert before <= stored()

    assert not before & stored()
    assert len(stored()) == (2 if how == "replaced" else 0)


def test_a_change_of_something_else_keeps_the_picture(
    admin_client: Client,
    product: Product,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        change(admin_client, product, picture())
    before = stored()

    path = reverse("admin:catalog_product_change", args=[product.pk])
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(path, fields(product, name="Copper lamp"))

    product.refresh_from_db()
    assert product.name == "Copper lamp"
    assert {product.picture.name, product.thumbnail.name} == stored() == before


def test_a_storage_that_is_down_saves_nothing_and_says_so(
    admin_client: Client, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(InMemoryStorage, "_save", fail)

    page = change(admin_client, product, picture())

    assert "The storage for files does not answer. Nothing is saved" in page
    product.refresh_from_db()
    assert (product.picture.name, product.picture_width) == ("", None)


def test_a_row_that_is_not_saved_leaves_no_file(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    product.picture = ContentFile(picture(), "a.webp")
    product.sku = None  # type: ignore[assignment]

    with pytest.raises(Exception, match=r"(?i)not.null"):
        services.save_product(product, changed=["picture", "sku"])

    assert not stored()
