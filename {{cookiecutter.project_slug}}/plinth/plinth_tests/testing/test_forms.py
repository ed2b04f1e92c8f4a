from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import path
from django.views.generic import FormView

from plinth.testing.forms import form_data, submit

INITIAL = {
    "name": "Ann",
    "count": 0,
    "agreed": True,
    "declined": False,
    "days": ["1", "3"],
    "moment": datetime(2026, 11, 28, 20, 30, tzinfo=UTC),
}


class ManyForm(forms.Form):
    name = forms.CharField()
    count = forms.IntegerField()
    agreed = forms.BooleanField()
    declined = forms.BooleanField(required=False)
    days = forms.MultipleChoiceField(choices=[(day, day) for day in "123"])
    moment = forms.SplitDateTimeField(widget=AdminSplitDateTime)
    note = forms.CharField(required=False)
    picture = forms.FileField(required=False)


class ManyView(FormView):
    form_class = ManyForm
    initial = INITIAL

    def render_to_response(
        self, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        return HttpResponse(Template("{{ form }}").render(Context(context)))

    def form_valid(self, form: forms.Form) -> HttpResponse:
        return HttpResponse(f"{form.changed_data}")


urlpatterns = [path("many/", ManyView.as_view())]


def test_unchanged_form_is_valid_and_unchanged() -> None:
    data = form_data(ManyForm(initial=INITIAL))

    form = ManyForm(data, initial=INITIAL)

    assert form.is_valid(), form.errors
    assert form.changed_data == []
    assert not {"declined", "picture"} & data.keys()


@pytest.mark.urls(__name__)
def test_submitted_form_has_the_changes_alone(client: Client) -> None:
    assert submit(client, "/many/", name="Bo", count=2).text == "['name', 'count']"


@pytest.mark.urls(__name__)
def test_errors_of_a_refused_form_are_named(client: Client) -> None:
    with pytest.raises(AssertionError, match="count"):
        submit(client, "/many/", count="many")
