"""Idempotency: a broker delivers a task at least once, `run_once` runs a function once."""

from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from .models import IdempotencyKey

# Brokers redeliver within hours.
RETENTION = timedelta(days=30)


def run_once(key: str, function: Callable[[], object]) -> bool:
    """Call a function unless it has run under this key; return whether it ran now.

    The key is inserted in the transaction of the function's own writes: both commit, or
    neither. A concurrent caller waits for the first, and runs only if that one failed.

    Limits: an effect outside of the database, such as a mail, is repeated if the process
    dies before the commit. A key expires after 30 days and has at most 200 characters.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                IdempotencyKey.objects.create(key=key)
        except IntegrityError:
            return False
        function()
    return True


def clear_idempotency_keys() -> None:
    """Delete keys that are older than RETENTION."""
    IdempotencyKey.objects.filter(created__lt=timezone.now() - RETENTION).delete()
