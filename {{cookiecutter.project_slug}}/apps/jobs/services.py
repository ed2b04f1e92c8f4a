"""What a task may do once only, though a broker delivers it at least once."""

from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from .models import Effect

# A broker that delivers a task again does so within hours.
KEPT = timedelta(days=30)


def once(key: str, effect: Callable[[], object]) -> bool:
    """Call effect, unless it was called under this key; tell whether it was called now.

    The key is written in the transaction of what the effect writes: both are there, or
    neither. A second caller waits for the first, and calls only if that one failed.

    Its limits: what leaves the database, such as a mail, is done again if the process
    dies between it and the commit. Others wait as long as the effect takes. A key is
    known for 30 days, and has 200 characters at most.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                Effect.objects.create(key=key)
        except IntegrityError:
            return False
        effect()
    return True


def clear_effects() -> None:
    """Forget keys that nobody will ask for any more."""
    Effect.objects.filter(created__lt=timezone.now() - KEPT).delete()
