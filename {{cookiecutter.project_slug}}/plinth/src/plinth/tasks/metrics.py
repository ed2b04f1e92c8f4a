"""Metrics of tasks, counted by the worker, and of queues, read by the web.

The worker serves its own at METRICS_BIND. Queues are read where no worker is needed, so
that they are seen when all workers are down.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from celery.signals import (
    before_task_publish,
    task_failure,
    task_postrun,
    task_prerun,
    task_retry,
    worker_init,
    worker_process_init,
    worker_ready,
    worker_shutdown,
)
from django.conf import settings
from kombu.exceptions import ChannelError
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric

from plinth.metrics import processes, server

from .app import app


@worker_init.connect
def start(**kwargs: Any) -> None:
    """Before the first child is forked: its tasks count in files."""
    os.environ[processes.FOLDER] = tempfile.mkdtemp(prefix="metrics-")


@worker_process_init.connect
def enter(**kwargs: Any) -> None:
    from billiard.process import current_process

    child: Any = current_process()
    processes.enter(child.index)


@worker_ready.connect
def serve(**kwargs: Any) -> None:
    server.serve(server.listen(settings.METRICS_BIND), site=False)


@worker_shutdown.connect
def delete(**kwargs: Any) -> None:
    processes.delete()


@before_task_publish.connect
def send_time(headers: dict[str, Any], **kwargs: Any) -> None:
    headers["enqueued"] = time.time()


@task_prerun.connect
def count_wait(task: Any, **kwargs: Any) -> None:
    if task.request.is_eager:
        return
    from plinth.metrics.instruments import TASK_WAITS

    task.request.started = time.perf_counter()
    if due := task.request.get("enqueued"):
        if eta := task.request.eta:
            due = max(due, datetime.fromisoformat(eta).timestamp())
        TASK_WAITS.labels(task.name).observe(max(0, time.time() - due))


@task_postrun.connect
def count_duration(task: Any, **kwargs: Any) -> None:
    if started := task.request.get("started"):
        from plinth.metrics.instruments import TASKS

        TASKS.labels(task.name).observe(time.perf_counter() - started)


@task_failure.connect
def count_failure(sender: Any, **kwargs: Any) -> None:
    """A process that was killed too: the worker sends the signal for it."""
    from plinth.metrics.instruments import TASK_FAILURES

    TASK_FAILURES.labels(sender.name).inc()


@task_retry.connect
def count_retry(sender: Any, **kwargs: Any) -> None:
    from plinth.metrics.instruments import TASK_RETRIES

    TASK_RETRIES.labels(sender.name).inc()


def queues() -> Iterator[Metric]:
    """Length of each queue; on Redis also the age of its oldest task.

    RabbitMQ shows no message without delivering it: celery_task_wait_seconds tells there.
    """
    length = Gauge("celery_queue_length", "Tasks in a queue.", labels=["queue"])
    oldest = Gauge(
        "celery_queue_oldest_seconds",
        "Age of the oldest task in a queue; Redis only.",
        labels=["queue"],
    )
    with app.connection_for_read(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        for name in app.amqp.queues:
            channel: Any
            with broker.channel() as channel:
                try:
                    found = channel.queue_declare(name, passive=True).message_count
                except ChannelError:  # an empty list does not exist on Redis
                    found = 0
                length.add_metric([name], found)
                if hasattr(channel, "client"):
                    message = channel.client.lindex(name, -1)
                    headers = json.loads(message)["headers"] if message else {}
                    now = time.time()
                    oldest.add_metric([name], now - headers.get("enqueued", now))
    yield length
    yield oldest
