"""Delivery of tasks: Celery's effective settings, and a worker that runs with them.

The worker runs in a thread of a subprocess, with a broker in memory.
Workers that are killed are the template's tests.
"""

import json
from functools import cache
from typing import Any, NamedTuple

import pytest
from celery.schedules import crontab

from config.celery import app  # type: ignore[attr-defined]
from plinth.tasks.app import Task, import_tasks
from plinth.tasks.schedule import registered
from plinth_tests.processes import COMPLETE, EMBEDDED, run_code

pytestmark = pytest.mark.practice(27)

REDIS = "redis://127.0.0.1:1/1"
RABBITMQ = "amqp://127.0.0.1:1"
RESULTS = "redis://127.0.0.1:1/2"


NAMES = [
    "broker_transport_options",
    "broker_use_ssl",
    "broker_write_url",
    "redis_backend_use_ssl",
    "result_backend",
    "result_expires",
    "task_acks_late",
    "task_always_eager",
    "task_create_missing_queue_type",
    "task_ignore_result",
    "task_reject_on_worker_lost",
    "task_retry_on_worker_lost",
    "task_soft_time_limit",
    "task_time_limit",
    "worker_cancel_long_running_tasks_on_connection_loss",
    "worker_prefetch_multiplier",
    "worker_soft_shutdown_timeout",
]


@cache
def effective(broker: str, results: str = "", override: str = "") -> dict[str, Any]:
    """Return Celery's settings in a process with this broker and these settings."""
    code = f"""
import json
from django.conf import settings
settings.CELERY_RESULT_BACKEND = {results!r} or None
{override}
from config.celery import app
queue = app.amqp.queues[app.conf.task_default_queue]
found = dict(queue=queue.queue_arguments, exchange=queue.exchange.type)
found.update((name, getattr(app.conf, name)) for name in {NAMES})
print(json.dumps(found))
"""
    done = run_code(code, **COMPLETE | {"CELERY_BROKER_URL": broker})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def longest_backoff() -> int:
    import_tasks()
    return max(getattr(task, "retry_backoff_max", 0) for task in app.tasks.values())


def test_task_of_a_lost_worker_is_redelivered() -> None:
    conf = effective(REDIS)

    assert conf["task_acks_late"]
    assert conf["task_reject_on_worker_lost"]
    assert conf["task_retry_on_worker_lost"]
    assert conf["worker_cancel_long_running_tasks_on_connection_loss"]
    assert conf["worker_prefetch_multiplier"] == 1
    assert not conf["task_always_eager"]
    assert conf["broker_write_url"] == REDIS


def test_visibility_timeout_exceeds_the_time_limit_and_the_longest_backoff() -> None:
    conf = effective(REDIS)

    limit = conf["task_time_limit"]
    options = conf["broker_transport_options"]
    assert 0 < conf["task_soft_time_limit"] < limit
    assert 0 < conf["worker_soft_shutdown_timeout"] < limit
    assert options["visibility_timeout"] > limit + longest_backoff()
    assert options["socket_connect_timeout"] + options["socket_timeout"] < 10


def test_setting_of_the_project_overrides_a_default() -> None:
    conf = effective(
        REDIS,
        override="settings.CELERY_TASK_ACKS_LATE = False\n"
        "settings.CELERY_TASK_TIME_LIMIT = 7200\n"
        'settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 1}\n'
        'settings.CELERY_BROKER_USE_SSL = {"ssl_ca_certs": "ca.pem"}\n',
    )

    assert not conf["task_acks_late"]
    options = conf["broker_transport_options"]
    # The other options keep their defaults, and the visibility timeout follows the limit.
    assert options["socket_timeout"] == 1
    assert options["socket_connect_timeout"] == 2
    assert options["visibility_timeout"] > 7200 + longest_backoff()
    assert conf["broker_use_ssl"] == {"ssl_ca_certs": "ca.pem"}


def test_rabbitmq_queues_are_quorum_queues() -> None:
    conf = effective(RABBITMQ, RESULTS)

    assert conf["queue"] == {"x-queue-type": "quorum"}
    # Quorum queues need it to delay messages.
    assert conf["exchange"] == "topic"
    assert conf["task_create_missing_queue_type"] == "quorum"
    assert conf["broker_transport_options"] == {"confirm_publish": True}


def test_results_are_stored_in_the_result_backend() -> None:
    assert effective(REDIS)["task_ignore_result"]
    conf = effective(RABBITMQ, RESULTS)
    assert not conf["task_ignore_result"]
    assert conf["result_backend"] == RESULTS
    assert conf["result_expires"] == 86_400


def test_broker_certificate_and_host_name_are_verified() -> None:
    secure = RESULTS.replace("redis", "rediss")
    ca = 'settings.CELERY_BROKER_USE_SSL = {"ssl_ca_certs": "ca.pem"}'
    conf = effective(REDIS.replace("redis", "rediss"), secure, ca)
    verified = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    assert conf["redis_backend_use_ssl"] == verified
    assert conf["broker_use_ssl"] == verified | {"ssl_ca_certs": "ca.pem"}
    # None: the host name of the URL.
    conf = effective(RABBITMQ.replace("amqp", "amqps"))
    assert conf["broker_use_ssl"] == {"server_hostname": None}
    assert not effective(REDIS)["broker_use_ssl"]


def test_periodic_tasks_are_in_the_schedule() -> None:
    import_tasks()

    schedule = app.conf.beat_schedule
    maintenance = {"clear_sessions", "clear_idempotency_keys"}
    assert {f"plinth.tasks.tasks.{name}" for name in maintenance} <= schedule.keys()
    for entry in schedule.values():
        assert entry["task"] in app.tasks
        # None pile up without a worker.
        assert entry["options"]["expires"]


def test_task_registers_its_schedule() -> None:
    noon = crontab(hour="12", minute="0")

    @app.task(name="trial.periodic", beat_schedule=noon, shared=False)
    def periodic() -> None:
        pass

    try:
        assert registered()["trial.periodic"]["schedule"] == noon
    finally:
        app.tasks.unregister("trial.periodic")


# A worker

# Each task records the request id of each of its calls; retries don't wait.
WORKER = """
import json, logging, os, time
from celery.app import autoretry
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import OperationalError, transaction

settings.CELERY_BROKER_URL = "memory://"
settings.CELERY_TASK_ALWAYS_EAGER = False
settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.01}
from plinth.logs.formatters import request_id
from config.celery import app

seen, waits, received = {}, [], []

class Handler(logging.Handler):
    def emit(self, record):
        received.append([record.getMessage().split("[")[0], request_id.get()])

logging.getLogger("celery.worker.strategy").addHandler(Handler())
logging.getLogger("celery.worker.strategy").setLevel(logging.INFO)

def backoff(**how):
    waits.append(how)
    return 0

autoretry.get_exponential_backoff_interval = backoff

@app.task(shared=False)
def work(name, error="", failures=0):
    calls = seen.setdefault(name, [])
    calls.append(request_id.get())
    if len(calls) <= failures:
        raise {"O": OperationalError, "C": ConnectionError, "V": ValueError}[error]

with start_worker(app, pool="solo", perform_ping_check=False):
    request_id.set("of-the-request")
    with transaction.atomic():
        work.delay_on_commit("committed")
        time.sleep(0.3)
        early = list(seen)
    with transaction.atomic():
        work.delay_on_commit("rolled back")
        transaction.set_rollback(True)
    work.delay("value", "V", 3)
    work.delay("operational", "O", 3)
    work.delay("connection", "C", 3)
    work.delay("for good", "C", 99)
    end = time.monotonic() + 60
    while len(seen.get("for good", ())) < 11 and time.monotonic() < end:
        time.sleep(0.01)
    work.delay("last")
    while "last" not in seen and time.monotonic() < end:
        time.sleep(0.01)
    print(json.dumps([early, seen, waits, received]), flush=True)
    # A warm shutdown takes seconds.
    os._exit(0)
"""


class Worked(NamedTuple):
    before_commit: list[str]
    # The request id in each call, by task.
    seen: dict[str, list[str]]
    waits: list[dict[str, Any]]
    # The first words of the worker's main process about each task, and its request id.
    received: list[list[str]]


@pytest.fixture(scope="module")
def worked() -> Worked:
    done = run_code(WORKER, environment="test", DATABASE_URL="sqlite://")
    return Worked(*json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.practice(64)
def test_task_is_enqueued_on_commit_with_the_request_id(worked: Worked) -> None:
    assert not worked.before_commit
    assert worked.seen["committed"] == ["of-the-request"]


@pytest.mark.practice(64)
def test_received_task_is_logged_with_the_request_id(worked: Worked) -> None:
    assert worked.received[0][0].startswith("Task ")
    assert {request_id for _, request_id in worked.received} == {"of-the-request"}


def test_rollback_enqueues_nothing(worked: Worked) -> None:
    assert "last" in worked.seen
    assert "rolled back" not in worked.seen


def test_transient_errors_are_retried_with_backoff_and_jitter(worked: Worked) -> None:
    assert len(worked.seen["connection"]) == 4
    assert len(worked.seen["operational"]) == 4
    assert len(worked.seen["for good"]) == 1 + Task.max_retries
    assert {wait["retries"] for wait in worked.waits} >= {*range(10)}
    # Seconds: at random up to 2, 4, 8... and at most 300.
    assert {wait["full_jitter"] for wait in worked.waits} == {True}
    assert {(wait["factor"], wait["maximum"]) for wait in worked.waits} == {(2, 300)}


def test_other_errors_are_not_retried(worked: Worked) -> None:
    assert len(worked.seen["value"]) == 1


def test_task_is_eager_without_a_broker() -> None:
    code = """
import config.wsgi
from config.celery import app

@app.task
def speak():
    print("spoken")

speak.delay()
"""
    done = run_code(code, **EMBEDDED)

    assert done.stdout == "spoken\n"
    assert "No hostname" not in done.stderr


def test_eager_task_is_not_retried() -> None:
    tries = []

    @app.task(shared=False)
    def fail() -> None:
        tries.append(1)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        fail.delay()

    assert len(tries) == 1
