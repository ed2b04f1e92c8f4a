from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .processing import MAX_PIXELS, reencode


class ReencodedImageField(forms.FileField):
    """An uploaded image, replaced by its re-encoding: see `processing.reencode`."""

    widget = forms.ClearableFileInput(attrs={"accept": ".jpg,.jpeg,.png,.webp"})

    def __init__(
        self,
        *args: Any,
        max_bytes: int = 10_000_000,
        max_pixels: int = MAX_PIXELS,
        max_side: int = 1_600,
        **kwargs: Any,
    ) -> None:
        """Take limits: bytes of the upload, pixels of it, and pixels of a side stored."""
        super().__init__(*args, **kwargs)
        self.max_bytes, self.max_pixels = max_bytes, max_pixels
        self.max_side = max_side

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        if not upload:
            return upload
        if upload.size > self.max_bytes:
            raise ValidationError(
                _("The image is larger than %(limit)s MB."),
                params={"limit": f"{self.max_bytes / 1_000_000:g}"},
            )
        return reencode(upload, max_side=self.max_side, max_pixels=self.max_pixels)
