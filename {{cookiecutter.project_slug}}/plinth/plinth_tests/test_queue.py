"""Enqueueing works alike with and without Celery and a broker."""

import pytest
from django.apps import apps
from pytest_django import Settings

from plinth.tasks.queue import enqueue

TASK = "plinth.mail.tasks.deliver"
celery = pytest.mark.skipif(
    not apps.is_installed("plinth.tasks"), reason="an extra: celery"
)


def test_nothing_is_enqueued_without_a_broker() -> None:
    assert not enqueue(TASK)


def test_nothing_is_enqueued_where_celery_is_not_installed(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1"
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name != "plinth.tasks"
    ]

    assert not enqueue("no.such.task")


@celery
def test_unknown_task_raises_without_a_broker_too() -> None:
    with pytest.raises(ImportError):
        enqueue("plinth.mail.tasks.no_such_task")


@celery
def test_task_is_enqueued(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1"
    from plinth.mail.tasks import deliver

    sent: list[dict[str, str]] = []
    monkeypatch.setattr(deliver, "delay", lambda **arguments: sent.append(arguments))

    assert enqueue(TASK, to="ann@example.com")
    assert sent == [{"to": "ann@example.com"}]


@celery
def test_unreachable_broker_is_logged(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1"
    from plinth.mail.tasks import deliver

    def fail(**arguments: str) -> None:
        raise deliver.OperationalError

    monkeypatch.setattr(deliver, "delay", fail)

    assert not enqueue(TASK, to="ann@example.com")
    assert "The broker did not accept a task" in caplog.text
    assert "ann@" not in caplog.text
