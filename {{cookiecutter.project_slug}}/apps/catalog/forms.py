from django import forms
from django.utils.translation import gettext_lazy as _

from plinth.forms import Textarea
from plinth.storage.documents import PDFField

from .models import Category, Review

# Bytes: the proxy in front must accept as much (nginx: application.conf).
MANUAL_MAX_BYTES = 200_000_000


class FilterForm(forms.Form):
    """The filters of the product list; unknown parameters, such as utm_source, are ignored."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
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


class ReviewForm(forms.ModelForm):
    class Meta:
        model = Review
        fields = ["rating", "body"]
        widgets = {
            "rating": forms.Select(choices=[("", ""), *enumerate("12345", start=1)]),
            "body": Textarea(attrs={"rows": 6}),
        }
        help_texts = {"rating": _("From 1, poor, to 5, excellent.")}


class ManualForm(forms.Form):
    file = PDFField(
        label=_("Manual"),
        help_text=_("A PDF file, 200 MB at most."),
        max_bytes=MANUAL_MAX_BYTES,
    )
