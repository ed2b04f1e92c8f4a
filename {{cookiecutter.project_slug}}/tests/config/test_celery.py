"""How tasks are sent and worked on: what Celery uses, and a worker that does it.

The worker is a real one, in a thread, and its broker is in this process's memory. The
rest needs processes that can be killed.
"""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from celery.schedules import crontab
from django.db import OperationalError, transaction

from apps.core.logging import request_id
from config.celery import Task, app
from tests.processes import COMPLETE, run_code

REDIS = "redis://127.0.0.1:1/1"
RABBITMQ = "amqp://127.0.0.1:1"


def effective(*names: str, **variables: str) -> dict[str, Any]:
    """What Celery uses with these variables, in a process of its own."""
    code = f"""
import json
from config.celery import app
queue = app.amqp.queues[app.conf.task_default_queue]
print(json.dumps({{
    "queue": queue.queue_arguments, "exchange": queue.exchange.type,
    **{{name: getattr(app.conf, name) for name in {names}}},
}}))
"""
    found: dict[str, Any] = json.loads(
        run_code(code, **COMPLETE | variables).stdout.splitlines()[-1]
    )
    return found


def test_a_lost_worker_loses_no_task() -> None:
    conf = effective(
        *("task_acks_late", "task_reject_on_worker_lost", "task_always_eager"),
        *("task_retry_on_worker_lost", "worker_prefetch_multiplier"),
        "worker_cancel_long_running_tasks_on_connection_loss",
        CELERY_BROKER_URL=REDIS,
    )

    assert conf["task_acks_late"]
    assert conf["task_reject_on_worker_lost"]
    assert conf["task_retry_on_worker_lost"]
    assert conf["worker_cancel_long_running_tasks_on_connection_loss"]
    assert conf["worker_prefetch_multiplier"] == 1
    assert not conf["task_always_eager"]


def test_redis_gives_no_task_to_another_while_it_may_still_be_worked_on() -> None:
    conf = effective(
        *("task_soft_time_limit", "task_time_limit", "broker_transport_options"),
        "worker_soft_shutdown_timeout",
        CELERY_BROKER_URL=REDIS,
    )

    limit = conf["task_time_limit"]
    options = conf["broker_transport_options"]
    assert 0 < conf["task_soft_time_limit"] < limit
    assert 0 < conf["worker_soft_shutdown_timeout"] < limit
    assert options["visibility_timeout"] > limit + Task.retry_backoff_max
    assert options["socket_connect_timeout"] + options["socket_timeout"] < 10


def test_rabbitmq_has_queues_on_several_disks_by_its_url_alone() -> None:
    conf = effective(
        *("broker_transport_options", "task_create_missing_queue_type"),
        CELERY_BROKER_URL=RABBITMQ,
    )

    assert conf["queue"] == {"x-queue-type": "quorum"}
    # Behind any other, a countdown would be held by a worker.
    assert conf["exchange"] == "topic"
    assert conf["task_create_missing_queue_type"] == "quorum"
    assert conf["broker_transport_options"] == {"confirm_publish": True}


def test_results_are_kept_where_one_variable_says() -> None:
    names = ("task_ignore_result", "result_backend", "result_expires")
    backend = "redis://127.0.0.1:1/2"

    assert effective(*names)["task_ignore_result"]
    conf = effective(*names, CELERY_RESULT_BACKEND=backend)
    assert not conf["task_ignore_result"]
    assert conf["result_backend"] == backend
    assert conf["result_expires"] == 86_400


def test_the_schedule_names_tasks_that_are_there() -> None:
    app.loader.import_default_modules()

    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert isinstance(entry["schedule"], crontab)
        # Without a worker it does not pile up.
        assert entry["options"]["expires"]


# A worker


class Calls:
    """Calls of a task: what they saw, and how often the first ones fail."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failures = 0
        self.error: type[Exception] = ConnectionError
        self.done = Event()

    def take(self) -> None:
        self.seen.append(request_id.get())
        if len(self.seen) <= self.failures:
            raise self.error
        self.done.set()


calls = Calls()


@app.task
def work() -> None:
    calls.take()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    calls.__init__()  # type: ignore[misc]
    for name, value in {
        "task_always_eager": False,
        "broker_url": "memory://",
        "broker_transport_options": {"polling_interval": 0.01},
    }.items():
        monkeypatch.setattr(app.conf, name, value)
    # As soon as may be: how long it waits is another test's.
    monkeypatch.setattr("celery.app.autoretry.get_exponential_backoff_interval", backoff)
    waits.clear()
    with start_worker(
        app, pool="solo", perform_ping_check=False, shutdown_timeout=30
    ):
        yield


waits: list[dict[str, Any]] = []


def backoff(**how: Any) -> float:
    waits.append(how)
    return 0.01


@pytest.mark.django_db(transaction=True)
def test_a_task_is_sent_when_the_transaction_commits(worker: None) -> None:
    request_id.set("of-the-request")
    with transaction.atomic():
        work.delay_on_commit()
        assert not calls.done.wait(0.5)

    assert calls.done.wait(10)
    assert calls.seen == ["of-the-request"]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_sends_nothing(worker: None) -> None:
    with transaction.atomic():
        work.delay_on_commit()
        transaction.set_rollback(True)

    assert not calls.done.wait(0.5)
    assert not calls.seen


@pytest.mark.parametrize("error", [ConnectionError, OperationalError, TimeoutError])
def test_what_passes_is_tried_again_later_and_later(
    worker: None, error: type[Exception]
) -> None:
    calls.failures, calls.error = 3, error

    work.delay()

    assert calls.done.wait(10)
    assert [how["retries"] for how in waits] == [0, 1, 2]
    assert {how["full_jitter"] for how in waits} == {True}
    assert {(how["factor"], how["maximum"]) for how in waits} == {(2, 300)}


def test_what_does_not_pass_is_not_tried_again(worker: None) -> None:
    calls.failures, calls.error = 3, ValueError

    work.delay()

    assert not calls.done.wait(0.5)
    assert len(calls.seen) == 1


def test_a_request_waits_for_no_second_try() -> None:
    calls.__init__()  # type: ignore[misc]
    calls.failures = 3

    with pytest.raises(ConnectionError):
        work.delay()

    assert len(calls.seen) == 1
