"""Pictures that people upload: opened, not believed, and written anew.

What is written holds the picture alone: no place where it was taken, no script, no second
file behind the first.
"""

from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
# Bytes, as it comes
LIMIT = 10_000_000
# What a camera makes has less; a small file can unpack to thousands of millions.
PIXELS = 25_000_000
# Pixels: the longer side of a picture, and the width and height of a thumbnail.
SIDE = 1_600
THUMBNAIL = (480, 360)


class PictureField(forms.FileField):
    widget = forms.ClearableFileInput(attrs={"accept": ".jpg,.jpeg,.png,.webp"})

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        if upload and upload.size > LIMIT:
            raise ValidationError(_("The picture is larger than 10 MB."))
        return upload and rewrite(upload)


def rewrite(upload: File) -> ContentFile:
    """Return the picture as WebP; raise ValidationError for what is none, or too large."""
    try:
        with Image.open(upload, formats=FORMATS) as image:
            check_pixels(image)
            # A JPEG is unpacked to about the size that is wanted.
            image.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((SIDE, SIDE))
            return ContentFile(as_webp(upright), "picture.webp")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(
            _("The picture has more than 25 million pixels.")
        ) from error
    # Pillow's readers raise whatever they stumble on.
    except Exception as error:
        raise ValidationError(
            _("This is not a picture that can be read: send a JPEG, PNG or WebP file.")
        ) from error


def check_pixels(image: Image.Image) -> None:
    """Refuse earlier than Pillow does, which would take a gigabyte of memory."""
    if image.width * image.height > PIXELS:
        raise Image.DecompressionBombError


def thumbnail(picture: Any) -> ContentFile:
    """Return what a list shows of a picture that `rewrite` has written."""
    with Image.open(picture, formats=["WEBP"]) as image:
        return ContentFile(as_webp(ImageOps.fit(image, THUMBNAIL)), "thumbnail.webp")


def as_webp(image: Image.Image) -> bytes:
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # Else the encoder takes over what else the file held.
    plain.info = {}
    out = BytesIO()
    plain.save(out, "WEBP", quality=82)
    return out.getvalue()
