"""Model fields."""

from typing import Any

from django.db import models


class LowercaseEmailField(models.EmailField):
    """An email address that is stored and looked up in lower case.

    `Ann@Example.com` and `ann@example.com` are one mailbox: two accounts, or a failed
    sign-in, would be wrong.
    """

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value
