"""Model fields."""

from contextlib import suppress
from typing import Any

from django import forms
from django.db import models
from django.utils.encoding import punycode


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
