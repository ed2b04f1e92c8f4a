"""Model fields."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.encoding import punycode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from plinth.forms import LongSelect


def normalize_email(address: str) -> str:
    """Return the one form of a mailbox's address: in lower case, with an ASCII domain."""
    local, at, domain = address.lower().rpartition("@")
    # A label that is too long for a domain is for the validator.
    with suppress(UnicodeError):
        domain = punycode(domain)
    return f"{local}{at}{domain}"


class NormalizedEmailFormField(forms.EmailField):
    """A form field that another spelling of the same mailbox does not change."""

    def to_python(self, value: Any) -> Any:
        return normalize_email(super().to_python(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.to_python(initial), data)


class LowercaseEmailField(models.EmailField):
    """An email address that is stored and looked up in lower case, its domain in ASCII.

    `Ann@Bücher.example` and `ann@xn--bcher-kva.example` are one mailbox: two accounts, or
    a failed sign-in, would be wrong.
    """

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalize_email(value) if isinstance(value, str) else value

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": NormalizedEmailFormField, **options})


# Other names, such as US/Eastern, are older ones of the same zones.
AREAS = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/"),
    *("Australia/", "Europe/", "Indian/", "Pacific/", "UTC"),
)


@cache
def places() -> list[str]:
    """Return the names of zones, each of which is a file."""
    return sorted(name for name in available_timezones() if name.startswith(AREAS))


def time_zones() -> Iterator[tuple[str, str]]:
    """Yield the choices of a form: the site's time zone as "", then each by its name."""
    yield "", gettext("The site's: {zone}").format(zone=settings.TIME_ZONE)
    for name in places():
        yield name, name.replace("_", " ")


def validate_time_zone(name: str) -> None:
    """Raise an error for a name that is none of a form's choices."""
    if name and name not in places():
        message = models.Field.default_error_messages["invalid_choice"]
        raise ValidationError(message, params={"value": name})


class TimeZoneField(models.CharField):
    """The name of a time zone, such as Europe/Berlin; empty is the site's TIME_ZONE."""

    default_validators = [validate_time_zone]

    def __init__(self, verbose_name: Any = None, **options: Any) -> None:
        # The release that serves while the column is added inserts no value.
        defaults: dict[str, Any]
        defaults = {"max_length": 63, "blank": True, "default": "", "db_default": ""}
        super().__init__(verbose_name or _("time zone"), **(defaults | options))

    def formfield(self, **options: Any) -> Any:
        # Not `choices` of the column: system checks would read the zones at each start.
        select: dict[str, Any] = {
            "form_class": forms.ChoiceField,
            "choices": time_zones,
            "widget": LongSelect,
        }
        return models.Field.formfield(self, **(select | options))
