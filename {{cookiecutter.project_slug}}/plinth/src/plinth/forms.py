"""Form renderer of the site, which FORM_RENDERER names, and mixins for forms."""

from typing import Any

from django import forms
from django.db import models
from django.forms.renderers import BaseRenderer, TemplatesSetting
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


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


class Textarea(forms.Textarea):
    """Counts a line break as one character, as `maxlength` does in browsers.

    They send it as two, so a text of the full length would be refused.
    """

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


class LongSelect(forms.Select):
    """A select for hundreds of choices, without groups.

    Django's renders two templates for each option: that takes several times as long.
    """

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                (
                    option["value"],
                    flatatt(option["attrs"]) if option["attrs"] else "",
                    option["label"],
                )
                for _, (option,), _ in widget["optgroups"]
            ),
        )
        return format_html(
            '<select name="{}"{}>\n{}\n</select>',
            name,
            flatatt(widget["attrs"]),
            options,
        )


class AutofocusMixin(forms.BaseForm):
    """Focus the first field, on a page whose only purpose is its form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True


def changed_fields(form: forms.BaseModelForm) -> list[str]:
    """Return the model's columns that a form changes, for `save(update_fields=...)`.

    Fields with auto_now are among them, many-to-many relations are not.
    """
    return [
        field.name
        for field in form.instance._meta.concrete_fields  # noqa: SLF001
        if field.name in form.changed_data or getattr(field, "auto_now", False)
    ]


class ChangedFieldsMixin(forms.BaseModelForm):
    """Save only the columns that the form changed.

    The others may have been changed since the form was shown, and a save of the whole row
    would write their old values back: `is_active`, a password, a counter.
    """

    def save(self, commit: bool = True) -> models.Model:
        instance: models.Model = self.instance
        if not commit or self.errors or instance._state.adding:  # noqa: SLF001
            instance = super().save(commit)
        else:
            instance.save(update_fields=changed_fields(self))
            self._save_m2m()  # type: ignore[attr-defined]
        return instance
