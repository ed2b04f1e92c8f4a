"""Checks of uploaded documents."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

PDF = "application/pdf"
# Bytes. PDF readers look for a file's markers this near to its ends.
PDF_MARGIN = 1_024


def check_pdf(file: File, max_bytes: int) -> None:
    """Raise ValidationError if a file is too large or not a PDF; read only its ends."""
    if file.size > max_bytes:
        raise ValidationError(
            _("The file is larger than %(limit)s MB."),
            params={"limit": f"{max_bytes / 1_000_000:g}"},
        )
    file.seek(0)
    head = file.read(PDF_MARGIN)
    file.seek(max(0, file.size - PDF_MARGIN))
    tail = file.read(PDF_MARGIN)
    file.seek(0)
    if not head.startswith(b"%PDF-") or b"%%EOF" not in tail:
        raise ValidationError(_("This is not a PDF file."))


class PDFField(forms.FileField):
    widget = forms.ClearableFileInput(attrs={"accept": ".pdf"})

    def __init__(self, *args: Any, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_bytes = max_bytes

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        if upload:
            check_pdf(upload, self.max_bytes)
        return upload
