"""The upload form of an import."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from .readers import READERS, reader_for


class ImportForm(forms.Form):
    # Bytes. nginx and other proxies must accept as much; a command has no limit.
    max_bytes = 20_000_000

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or JSON Lines (.csv, .jsonl)."),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(READERS)}),
    )
    skip_invalid = forms.BooleanField(
        label=_("Skip invalid rows, and save the others"), required=False
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if not reader_for(file.name or ""):
            raise ValidationError(_("This is neither a .csv nor a .jsonl file."))
        if (file.size or 0) > self.max_bytes:
            raise ValidationError(
                _("The file is larger than %(limit)s MB."),
                params={"limit": f"{self.max_bytes / 1_000_000:g}"},
            )
        return file
