from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from plinth.logs.formatters import request_id
from plinth.tasks.tasks import clear_sessions
from plinth_tests.processes import COMPLETE, run_code

pytestmark = pytest.mark.django_db


def test_expired_sessions_are_deleted() -> None:
    for days in (-1, 1):
        session = SessionStore()
        session.set_expiry(timezone.now() + timedelta(days=days))
        session.create()

    clear_sessions.delay()

    assert Session.objects.get().expire_date > timezone.now()


def test_eager_task_keeps_the_request_id() -> None:
    request_id.set("of-the-request")

    clear_sessions.delay()

    assert request_id.get() == "of-the-request"


def test_worker_knows_the_task_of_password_resets() -> None:
    code = "from config.celery import app; print(*app.tasks)"

    done = run_code(code, **COMPLETE)

    assert "plinth.accounts.tasks.send_password_reset" in done.stdout
