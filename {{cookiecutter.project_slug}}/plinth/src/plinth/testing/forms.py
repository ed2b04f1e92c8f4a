"""Forms of pages, posted as a browser does."""

from typing import Any

from django.forms import BaseForm, MultiWidget
from django.test import Client


def submit(client: Client, path: str, **changes: object) -> Any:
    """Post the form of a page with some values changed, and follow redirects.

    Raises AssertionError with the form's errors if it is not accepted. A file is posted
    only if it is among the changes; formsets are not posted.
    """
    data = form_data(form_of(client.get(path)))
    response = client.post(path, data | changes, follow=True)
    form = form_of(response)
    assert form is None or not form.errors, form.errors.as_text()
    return response


def form_of(response: Any) -> Any:
    """Return the form of a page, also of the admin: None if it has none."""
    context = response.context or {}
    admin = context.get("adminform")
    return admin.form if admin else context.get("form")


def form_data(form: BaseForm) -> dict[str, Any]:
    """Return what a browser posts of a form that nobody has changed, without files."""
    data: dict[str, Any] = {}
    for bound in form:
        widget: Any = bound.field.widget
        if isinstance(bound.field.widget, MultiWidget):
            names = [f"{bound.html_name}{suffix}" for suffix in widget.widgets_names]
            data |= zip(names, widget.decompress(bound.value()), strict=True)
        elif not widget.needs_multipart_form:
            data[bound.html_name] = bound.value()
    # A browser posts no box that is not ticked.
    return {
        name: value
        for name, value in data.items()
        if value is not None and value is not False
    }
