"""Manuals of products: files that are large, and not for everybody."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

# Bytes
LIMIT = 200_000_000
TYPE = "application/pdf"
# Readers want the marks of a PDF within this much of its ends.
MARGIN = 1_024


def check(file: File) -> None:
    """Raise ValidationError for what is no PDF, or too large; read only its ends."""
    if file.size > LIMIT:
        raise ValidationError(_("The manual is larger than 200 MB."))
    file.seek(0)
    head = file.read(MARGIN)
    file.seek(max(0, file.size - MARGIN))
    tail = file.read(MARGIN)
    file.seek(0)
    if not head.startswith(b"%PDF-") or b"%%EOF" not in tail:
        raise ValidationError(_("This is not a PDF file."))


class ManualForm(forms.Form):
    file = forms.FileField(
        label=_("Manual"),
        help_text=_("A PDF file, 200 MB at most."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        check(file)
        return file
