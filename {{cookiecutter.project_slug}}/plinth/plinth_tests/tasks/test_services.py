"""An effect happens once, in the transaction that says so."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from plinth.tasks.models import Effect
from plinth.tasks.services import KEPT, once
from plinth.tasks.tasks import clear_idempotency_keys

pytestmark = [pytest.mark.practice(27), pytest.mark.django_db]


def write() -> None:
    Session.objects.create(
        session_key=f"s{Session.objects.count()}", expire_date=timezone.now()
    )


def test_what_is_called_twice_happens_once() -> None:
    assert once("a", write)
    assert not once("a", write)
    assert once("b", write)

    assert Session.objects.count() == 2


def test_what_fails_leaves_nothing_and_may_be_tried_again() -> None:
    def write_and_fail() -> None:
        write()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        once("a", write_and_fail)
    assert not Session.objects.exists()

    assert once("a", write)


def test_old_keys_are_forgotten() -> None:
    for age in (KEPT - timedelta(hours=1), KEPT + timedelta(hours=1)):
        Effect.objects.create(key=str(age), created=timezone.now() - age)

    clear_idempotency_keys.delay()

    assert Effect.objects.get().key == str(KEPT - timedelta(hours=1))
