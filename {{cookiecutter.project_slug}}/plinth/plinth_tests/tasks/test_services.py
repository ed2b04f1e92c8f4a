"""Idempotency keys: a function runs once under each."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from plinth.tasks.models import IdempotencyKey
from plinth.tasks.services import RETENTION, run_once
from plinth.tasks.tasks import clear_idempotency_keys

pytestmark = [pytest.mark.practice(27), pytest.mark.django_db]


def write() -> None:
    Session.objects.create(
        session_key=f"s{Session.objects.count()}", expire_date=timezone.now()
    )


def test_function_runs_once_under_a_key() -> None:
    assert run_once("a", write)
    assert not run_once("a", write)
    assert run_once("b", write)

    assert Session.objects.count() == 2


def test_failed_function_is_rolled_back_and_can_be_retried() -> None:
    def write_and_fail() -> None:
        write()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        run_once("a", write_and_fail)
    assert not Session.objects.exists()

    assert run_once("a", write)


def test_expired_keys_are_deleted() -> None:
    for age in (RETENTION - timedelta(hours=1), RETENTION + timedelta(hours=1)):
        IdempotencyKey.objects.create(key=str(age), created=timezone.now() - age)

    clear_idempotency_keys.delay()

    key = IdempotencyKey.objects.get().key
    assert key == str(RETENTION - timedelta(hours=1))
