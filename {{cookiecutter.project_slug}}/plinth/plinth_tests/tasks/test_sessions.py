from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from plinth.logs.formatters import request_id
from plinth.tasks.sessions import clear_sessions


@pytest.mark.django_db
def test_only_sessions_that_ran_out_are_deleted() -> None:
    for days in (-1, 1):
        session = SessionStore()
        session.set_expiry(timezone.now() + timedelta(days=days))
        session.create()

    clear_sessions.delay()

    assert Session.objects.get().expire_date > timezone.now()


@pytest.mark.django_db
def test_a_task_in_the_request_keeps_the_requests_id() -> None:
    request_id.set("of-the-request")

    clear_sessions.delay()

    assert request_id.get() == "of-the-request"
