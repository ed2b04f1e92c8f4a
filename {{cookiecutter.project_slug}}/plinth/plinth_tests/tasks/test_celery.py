"""How tasks are sent and worked on: what Celery uses, and a worker that does it.

The worker is a real one, in a thread, and its broker is in this process's memory. The
rest needs processes that can be killed.
"""

import json
from functools import cache
from typing import Any, NamedTuple

import pytest
from celery.schedules import crontab

from config.celery import Task, app
from plinth_tests.processes import COMPLETE, EMBEDDED, run_code

pytestmark = pytest.mark.practice(27)

REDIS = "redis://127.0.0.1:1/1"
RABBITMQ = "amqp://127.0.0.1:1"
RESULTS = "redis://127.0.0.1:1/2"


NAMES = [
    "broker_transport_options",
    "broker_use_ssl",
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
def effective(broker: str, results: str = "") -> dict[str, Any]:
    """What Celery uses with these variables, in a process of its own."""
    code = f"""
import json
from config.celery import app
queue = app.amqp.queues[app.conf.task_default_queue]
found = dict(queue=queue.queue_arguments, exchange=queue.exchange.type)
found.update((name, getattr(app.conf, name)) for name in {NAMES})
print(json.dumps(found))
"""
    variables = {"CELERY_BROKER_URL": broker, "CELERY_RESULT_BACKEND": results}
    done = run_code(code, **COMPLETE | variables)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_lost_worker_loses_no_task() -> None:
    conf = effective(REDIS)

    assert conf["task_acks_late"]
    assert conf["task_reject_on_worker_lost"]
    assert conf["task_retry_on_worker_lost"]
    assert conf["worker_cancel_long_running_tasks_on_connection_loss"]
    assert conf["worker_prefetch_multiplier"] == 1
    assert not conf["task_always_eager"]


def test_redis_gives_no_task_to_another_while_it_may_still_be_worked_on() -> None:
    conf = effective(REDIS)

    limit = conf["task_time_limit"]
    options = conf["broker_transport_options"]
    assert 0 < conf["task_soft_time_limit"] < limit
    assert 0 < conf["worker_soft_shutdown_timeout"] < limit
    app.loader.import_default_modules()
    waits = [getattr(task, "retry_backoff_max", 0) for task in app.tasks.values()]
    assert options["visibility_timeout"] > limit + max(waits)
    assert options["socket_connect_timeout"] + options["socket_timeout"] < 10


def test_rabbitmq_has_queues_on_several_disks_by_its_url_alone() -> None:
    conf = effective(RABBITMQ, RESULTS)

    assert conf["queue"] == {"x-queue-type": "quorum"}
    # Behind any other, a countdown would be held by a worker.
    assert conf["exchange"] == "topic"
    assert conf["task_create_missing_queue_type"] == "quorum"
    assert conf["broker_transport_options"] == {"confirm_publish": True}


def test_results_are_kept_where_one_variable_says() -> None:
    assert effective(REDIS)["task_ignore_result"]
    conf = effective(RABBITMQ, RESULTS)
    assert not conf["task_ignore_result"]
    assert conf["result_backend"] == RESULTS
    assert conf["result_expires"] == 86_400


def test_a_broker_is_believed_by_its_certificate_and_its_name() -> None:
    secure = RESULTS.replace("redis", "rediss")
    conf = effective(REDIS.replace("redis", "rediss"), secure)
    verified = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    assert conf["broker_use_ssl"] == conf["redis_backend_use_ssl"] == verified
    # Celery takes that of the URL.
    conf = effective(RABBITMQ.replace("amqp", "amqps"))
    assert conf["broker_use_ssl"] == {"server_hostname": None}
    assert not effective(REDIS)["broker_use_ssl"]


def test_the_schedule_names_tasks_that_are_there() -> None:
    app.loader.import_default_modules()

    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert isinstance(entry["schedule"], crontab)
        # Without a worker it does not pile up.
        assert entry["options"]["expires"]


# A worker

# Each task has a name, and says what it saw; how long a retry waits is another matter.
WORKER = """
import json, os, time
from celery.app import autoretry
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import OperationalError, transaction

settings.CELERY_BROKER_URL = "memory://"
settings.CELERY_TASK_ALWAYS_EAGER = False
settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.01}
from plinth.logs.formatters import request_id
from config.celery import app

seen, waits = {}, []

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
    end = time.monotonic() + 15
    while len(seen.get("for good", ())) < 11 and time.monotonic() < end:
        time.sleep(0.01)
    work.delay("last")
    while "last" not in seen and time.monotonic() < end:
        time.sleep(0.01)
    print(json.dumps([early, seen, waits]), flush=True)
    # To stop it in order takes seconds.
    os._exit(0)
"""


class Worked(NamedTuple):
    before_the_commit: list[str]
    # The id of the request that each call of a task saw.
    seen: dict[str, list[str]]
    waits: list[dict[str, Any]]


@pytest.fixture(scope="module")
def worked() -> Worked:
    done = run_code(WORKER, environment="test", DATABASE_URL="sqlite://")
    return Worked(*json.loads(done.stdout.splitlines()[-1]))


def test_a_task_is_sent_when_the_transaction_commits(worked: Worked) -> None:
    assert not worked.before_the_commit
    assert worked.seen["committed"] == ["of-the-request"]


def test_a_transaction_that_rolls_back_sends_nothing(worked: Worked) -> None:
    assert "last" in worked.seen
    assert "rolled back" not in worked.seen


def test_what_passes_is_tried_again_later_and_later(worked: Worked) -> None:
    assert len(worked.seen["connection"]) == 4
    assert len(worked.seen["operational"]) == 4
    assert len(worked.seen["for good"]) == 1 + Task.max_retries
    assert {wait["retries"] for wait in worked.waits} >= {*range(10)}
    # At random, up to 2, 4, 8... and at most 300 seconds.
    assert {wait["full_jitter"] for wait in worked.waits} == {True}
    assert {(wait["factor"], wait["maximum"]) for wait in worked.waits} == {(2, 300)}


def test_what_does_not_pass_is_not_tried_again(worked: Worked) -> None:
    assert len(worked.seen["value"]) == 1


def test_a_task_runs_here_without_a_broker_and_without_a_warning() -> None:
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


def test_a_request_waits_for_no_second_try() -> None:
    tries = []

    @app.task(shared=False)
    def fail() -> None:
        tries.append(1)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        fail.delay()

    assert len(tries) == 1
