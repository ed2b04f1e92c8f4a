import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertHTMLEqual

from plinth.database.fields import TimeZoneField, time_zones
from plinth.forms import (
    AutofocusMixin,
    ChangedFieldsMixin,
    FormRenderer,
    LongSelect,
    Textarea,
)

from .models import Document


class DocumentForm(ChangedFieldsMixin, forms.ModelForm):
    class Meta:
        model = Document
        fields = ["name", "count"]


class NoteForm(AutofocusMixin, forms.Form):
    note = forms.CharField(max_length=5, widget=Textarea)
    name = forms.CharField(required=False)


@pytest.mark.django_db
@pytest.mark.practice(13)
def test_concurrent_change_of_another_column_survives() -> None:
    document = Document.objects.create(name="A")
    stale = Document.objects.get()
    Document.objects.update(note="written meanwhile", count=9)

    form = DocumentForm({"name": "B", "count": "7"}, instance=stale)
    with CaptureQueriesContext(connection) as captured:
        form.save()

    document.refresh_from_db()
    assert (document.name, document.note, document.count) == (
        "B",
        "written meanwhile",
        9,
    )
    assert "modified" in captured[-1]["sql"]


@pytest.mark.django_db
def test_new_row_is_saved_whole() -> None:
    form = DocumentForm({"name": "A", "count": "1"})

    assert form.save().pk
    assert Document.objects.get().count == 1


def test_first_field_has_the_focus() -> None:
    form = NoteForm()

    assert form.fields["note"].widget.attrs["autofocus"] is True
    assert "autofocus" not in form.fields["name"].widget.attrs


def test_line_break_counts_as_one_character() -> None:
    form = NoteForm({"note": "ab\r\ncd"})

    assert form.is_valid()
    assert form.cleaned_data["note"] == "ab\ncd"


@pytest.mark.parametrize("value", [None, "", "UTC", '"<&'])
def test_long_select_is_that_of_django(value: str | None) -> None:
    choices = [('"<&', '"<&'), *time_zones()]
    attrs = {"id": "zone", "required": True, "disabled": False}
    ours, djangos = (
        widget(attrs, choices=choices).render("zone", value, {"class": '"'})
        for widget in (LongSelect, forms.Select)
    )

    assertHTMLEqual(ours, djangos)
    assert str(ours).count(" selected") == 1


def test_long_select_renders_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FormRenderer, "get_template", None)
    field = TimeZoneField().formfield()

    assert "Europe/Berlin" in field.widget.render("zone", "")
