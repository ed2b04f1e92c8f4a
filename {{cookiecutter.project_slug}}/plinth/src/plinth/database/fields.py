from typing import Any

from django.db import models


class LowercaseEmailField(models.EmailField):
    """An address that is stored and looked up in lower case.

    `Ann@Example.com` and `ann@example.com` reach one mailbox, so they must not be two
    accounts, nor fail to sign in to one.
    """

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value
