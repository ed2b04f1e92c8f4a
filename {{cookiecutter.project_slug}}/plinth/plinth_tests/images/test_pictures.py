import re
from io import BytesIO

import pytest

pytest.importorskip("PIL", reason="the extra images is not installed")

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from PIL import Image

from plinth.images import processing
from plinth.testing.plugin import Commit
from plinth_tests.models import Photo

pytestmark = pytest.mark.django_db


def upload(size: tuple[int, int] = (80, 60)) -> ContentFile:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, "WEBP")
    return ContentFile(out.getvalue(), "../../settings.py")


def stored() -> set[str]:
    """Return the names of all files in the public storage."""
    storage = storages["public"]
    names = storage.listdir("pictures")[1] if storage.exists("pictures") else []
    return {f"pictures/{name}" for name in names}


@pytest.fixture
def photo() -> Photo:
    for name in stored():
        storages["public"].delete(name)
    photo = Photo(title="A", picture=upload())
    assert photo.save_with_files(["title", "picture"])
    return Photo.objects.get()


def test_picture_has_a_random_name_and_its_size(photo: Photo) -> None:
    assert re.fullmatch(r"pictures/\w{32}\.webp", str(photo.picture.name))
    assert (photo.picture_width, photo.picture_height) == (80, 60)


def test_thumbnail_is_made_once(photo: Photo) -> None:
    assert photo.make_thumbnail(title="B")

    made = Photo.objects.get()
    assert made.title == "B"
    with Image.open(made.thumbnail) as image:
        assert image.size == Photo.thumbnail_size
    assert not made.make_thumbnail()


def test_thumbnail_of_a_replaced_picture_is_discarded(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_meanwhile(*arguments: object) -> ContentFile:
        Photo.objects.update(picture="pictures/another.webp")
        return ContentFile(b"thumbnail")

    monkeypatch.setattr(processing, "thumbnail", replace_meanwhile)
    before = stored()

    assert not photo.make_thumbnail()
    assert not Photo.objects.get().thumbnail
    assert stored() == before


def test_replaced_picture_leaves_with_its_thumbnail(
    photo: Photo, commit: Commit
) -> None:
    photo.make_thumbnail()
    before = stored()
    assert len(before) == 2

    photo.picture = upload((90, 60))
    with commit():
        assert photo.save_with_files(["picture"])

    assert not before & stored()
    assert not Photo.objects.get().thumbnail


def test_cleared_picture_needs_no_thumbnail(photo: Photo, commit: Commit) -> None:
    photo.picture = ""
    with commit():
        assert not photo.save_with_files(["picture"])

    assert not stored()
    assert Photo.objects.get().picture_width is None
