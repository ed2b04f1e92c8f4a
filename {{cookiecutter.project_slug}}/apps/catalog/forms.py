import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from .formats import READERS
from .models import Category, Review
from .querysets import Position

# Bytes; the command takes files of any size.
UPLOAD_LIMIT = 20_000_000


class FilterForm(forms.Form):
    """The filters of a product list; unknown parameters, such as utm_source, are ignored."""

    # An index of trigrams can't help with less than three characters.
    q = forms.CharField(label=_("Search"), required=False, min_length=3, max_length=100)
    category = forms.ModelChoiceField(
        Category.objects.only("name", "slug"),
        to_field_name="slug",
        required=False,
        widget=forms.HiddenInput,
    )
    price_min = forms.DecimalField(
        label=_("Price from"),
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
    )
    price_max = forms.DecimalField(
        label=_("Price to"),
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
    )
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("newest", _("Newest first")),
            ("price", _("Cheapest first")),
            ("-price", _("Dearest first")),
        ],
    )
    after = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean_after(self) -> Position | None:
        after = self.cleaned_data["after"]
        if not after:
            return None
        position = re.fullmatch(r"([0-9]{1,18})_([0-9]{1,8}\.[0-9]{2})", after)
        if not position:
            raise ValidationError(_("There is no such page."))
        return Position(int(position[1]), Decimal(position[2]))


class ReviewForm(forms.ModelForm):
    class Meta:
        model = Review
        fields = ["rating", "body"]
        widgets = {
            "rating": forms.NumberInput(attrs={"min": 1, "max": 5}),
            "body": forms.Textarea(attrs={"rows": 6, "maxlength": 2_000}),
        }
        help_texts = {"rating": _("From 1, poor, to 5, excellent.")}


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or JSON lines (.csv, .jsonl), 20 MB at most."),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(READERS)}),
    )
    keep_good = forms.BooleanField(
        label=_("Keep the good rows if others are in error"), required=False
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if Path(file.name or "").suffix.lower() not in READERS:
            raise ValidationError(_("This is neither a .csv nor a .jsonl file."))
        if (file.size or 0) > UPLOAD_LIMIT:
            raise ValidationError(_("The file is larger than 20 MB."))
        return file
