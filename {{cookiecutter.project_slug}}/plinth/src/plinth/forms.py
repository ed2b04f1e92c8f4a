"""Form renderer of the site: FORM_RENDERER names it."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting


class BoundField(forms.BoundField):
    """A bound field with `autofocus` if it is the form's first with an error."""

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        in_error = [name for name in self.form.fields if name in self.form.errors]
        if in_error:
            attrs["autofocus"] = self.name == in_error[0]
        return attrs


class FormRenderer(TemplatesSetting):
    """Renders forms and fields from the project's templates."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = BoundField
