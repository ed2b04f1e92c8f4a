"""Uploaded images, decoded and re-encoded as WebP.

The result holds pixels only: no location, no script, no second file behind the first.
"""

from contextlib import suppress
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
# A camera's photo has less; a small file can unpack to thousands of millions of pixels.
MAX_PIXELS = 25_000_000
# Of WebP, 0 to 100.
QUALITY = 82


def reencode(
    upload: Any, *, max_side: int, max_pixels: int = MAX_PIXELS
) -> ContentFile:
    """Return an image as WebP in sRGB, upright, its longer side at most `max_side` pixels.

    Raises ValidationError for a file that is not one of FORMATS, is broken, or has more
    than `max_pixels`.
    """
    try:
        with Image.open(upload, formats=FORMATS) as image:
            check_pixels(image, max_pixels)
            # A JPEG is decoded to about the size that is wanted.
            image.draft("RGB", (max_side, max_side))
            upright = ImageOps.exif_transpose(to_eight_bits(image))
            upright.thumbnail((max_side, max_side))
            return ContentFile(as_webp(to_srgb(upright)), "image.webp")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(
            _("The image has more than %(limit)s million pixels."),
            params={"limit": max_pixels // 1_000_000},
        ) from error
    except Exception as error:  # Pillow's decoders raise errors of any class
        raise ValidationError(
            _("This image can't be read: send a JPEG, PNG or WebP file.")
        ) from error


def check_pixels(image: Image.Image, limit: int) -> None:
    """Raise what Pillow raises, whose own limit allows a gigabyte of memory."""
    if image.width * image.height > limit:
        raise Image.DecompressionBombError


def thumbnail(image: Any, size: tuple[int, int]) -> ContentFile:
    """Return an image that `reencode` has made, scaled and cropped to a size in pixels."""
    with Image.open(image, formats=["WEBP"]) as opened:
        return ContentFile(as_webp(ImageOps.fit(opened, size)), "thumbnail.webp")


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey, which Pillow's convert() would clip to white."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point([value // 256 for value in range(65_536)], "L")


def to_srgb(image: Image.Image) -> Image.Image:
    """Apply a colour profile, which is dropped: browsers take pixels for sRGB then."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        with suppress(ImageCms.PyCMSError, OSError):  # a broken profile is ignored
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode=mode,
            )
            return converted or image
    return image


def as_webp(image: Image.Image) -> bytes:
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # The encoder would copy comments and profiles from here.
    plain.info = {}
    out = BytesIO()
    plain.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
