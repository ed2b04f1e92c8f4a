import struct
import zlib
from io import BytesIO
from typing import Any

import pytest

pytest.importorskip("PIL", reason="the extra images is not installed")

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

from plinth.images.forms import ReencodedImageField
from plinth.images.processing import reencode, thumbnail

UNREADABLE = "This image can't be read"
SCRIPT = b"<script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT


def encode(image: Image.Image, kind: str = "JPEG", **options: Any) -> ContentFile:
    out = BytesIO()
    image.save(out, kind, **options)
    return ContentFile(out.getvalue())


def teal(size: tuple[int, int] = (80, 60), kind: str = "JPEG", **options: Any) -> bytes:
    return bytes(encode(Image.new("RGB", size, "teal"), kind, **options).read())


def pixel(image: Image.Image) -> tuple[int, ...]:
    found = image.getpixel((8, 8))
    assert isinstance(found, tuple)
    return found


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that claims to have so many pixels a side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        head = struct.pack(">I", len(data)) + kind + data
        return head + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    )


def reencoded(file: ContentFile, max_side: int = 1_600) -> Image.Image:
    image = Image.open(reencode(file, max_side=max_side))
    assert image.format == "WEBP"
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_image_is_scaled_down_to_its_longer_side(kind: str) -> None:
    upload = ContentFile(teal((320, 180), kind))

    assert reencoded(upload, max_side=160).size == (160, 90)
    assert reencoded(upload, max_side=1_600).size == (320, 180)


def test_metadata_and_appended_files_are_dropped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Taken at home"
    exif[0x0112] = 6  # rotated by 90 degrees
    upload = teal((40, 20), exif=exif, comment=SCRIPT) + SCRIPT + b"PK\x03\x04"

    content = reencode(ContentFile(upload), max_side=100).read()

    assert b"Taken at home" not in content
    assert b"script" not in content
    assert b"PK\x03\x04" not in content
    with Image.open(BytesIO(content)) as image:
        assert image.size == (20, 40)
        assert not image.getexif()


def test_sixteen_bit_grey_is_scaled_to_eight() -> None:
    ramp = Image.frombytes(
        "I;16", (256, 1), struct.pack("<256H", *(256 * i for i in range(256)))
    )

    image = reencoded(encode(ramp, "PNG")).convert("L")

    left, middle, right = (image.getpixel((x, 0)) for x in (5, 128, 250))
    assert left == pytest.approx(5, abs=8)
    assert middle == pytest.approx(128, abs=8)
    assert right == pytest.approx(250, abs=8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_colour_profile_is_converted_to_srgb(kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # One whose red is green: the colour of a pixel tells whether it was applied.
    swapped = profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ")
    swapped = swapped.replace(b"????", b"gXYZ")
    upload = encode(Image.new("RGB", (16, 16), (255, 0, 0)), kind, icc_profile=swapped)

    red, green, _ = pixel(reencoded(upload).convert("RGB"))

    assert red < 30
    assert green > 220


def test_broken_colour_profile_is_ignored() -> None:
    upload = encode(Image.new("RGB", (16, 16), "red"), icc_profile=b"nothing")

    assert pixel(reencoded(upload).convert("RGB"))[0] > 220


def test_transparency_is_kept() -> None:
    upload = encode(Image.new("RGBA", (16, 16), (0, 0, 0, 0)), "PNG")

    assert pixel(reencoded(upload))[3] == 0


def test_thumbnail_is_cropped_to_its_size() -> None:
    image = reencode(ContentFile(teal((300, 300))), max_side=200)

    with Image.open(thumbnail(image, (48, 36))) as small:
        assert (small.format, small.size) == ("WEBP", (48, 36))


REFUSED = {
    "nothing": (b"", "a.jpg", "The submitted file is empty."),
    "noise": (b"x" * 100, "a.jpg", UNREADABLE),
    "SVG": (SVG, "a.svg", UNREADABLE),
    "SVG named PNG": (SVG, "a.png", UNREADABLE),
    "another format": (teal(kind="GIF"), "a.jpg", UNREADABLE),
    "another format with a script": (b"GIF89a" + SCRIPT, "a.gif", UNREADABLE),
    "half a JPEG": (teal()[:700], "a.jpg", UNREADABLE),
    "half a PNG": (teal(kind="PNG")[:60], "a.png", UNREADABLE),
    "PNG with fewer pixels than it claims": (bomb(100), "a.png", UNREADABLE),
    "small bomb": (bomb(5_001), "a.png", "more than 25 million pixels"),
    "large bomb": (bomb(60_000), "a.png", "more than 25 million pixels"),
    "large file": (teal() + b"\0" * 20_000, "a.jpg", "larger than 0.02 MB"),
}


@pytest.mark.parametrize(("content", "name", "error"), REFUSED.values(), ids=REFUSED)
def test_other_files_are_refused_with_the_reason(
    content: bytes, name: str, error: str
) -> None:
    field = ReencodedImageField(max_bytes=20_000)

    with pytest.raises(ValidationError, match=error):
        field.clean(SimpleUploadedFile(name, content))


def test_field_replaces_the_upload() -> None:
    cleaned = ReencodedImageField(max_side=40).clean(
        SimpleUploadedFile("a.jpg", teal())
    )

    assert cleaned.name == "image.webp"
    with Image.open(cleaned) as image:
        assert image.size == (40, 30)
    assert ReencodedImageField(required=False).clean(None) is None
