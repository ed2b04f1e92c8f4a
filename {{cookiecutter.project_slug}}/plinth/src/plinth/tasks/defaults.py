"""Celery's settings for at-least-once delivery; a CELERY_* setting overrides each.

A task is acknowledged after it has run, so a lost worker loses none and another worker
runs it again: make tasks idempotent.
"""

from typing import Any

from django.conf import settings

# A broker's certificate and host name are verified; Celery's default skips that for
# Redis. Options in the URL (?ssl_ca_certs=) take precedence.
VERIFIED = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
# Seconds after which Redis delivers an unacknowledged task to another worker. Longer than
# the hard time limit and the longest retry (mail: 1800), or tasks run twice: so a
# countdown or an eta must not exceed it.
VISIBILITY_TIMEOUT = 2400


def defaults() -> dict[str, Any]:
    url = settings.CELERY_BROKER_URL
    backend = getattr(settings, "CELERY_RESULT_BACKEND", None) or ""
    return {
        **WORKER,
        "task_always_eager": not url,
        # In local and tests an error in an eager task is the request's.
        "task_eager_propagates": settings.DEBUG,
        # Without a broker Celery asks for one all the same, and warns that it has no name.
        "broker_write_url": None if url else "memory://localhost",
        "task_ignore_result": not backend,
        "timezone": settings.TIME_ZONE,
        **broker(url),
        **results(backend),
    }


WORKER: dict[str, Any] = {
    # A worker waits for its broker without limit, at the start and later.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    # Bounded by max_retries: a task that kills its worker must not do so for ever.
    "task_retry_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # A task that can't be acknowledged any more is delivered again: don't run it twice.
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    # Seconds that running tasks have after SIGTERM, before they are given back.
    "worker_soft_shutdown_timeout": 10,
    # Beat answers pings as celerybeat@host, and not when its schedule is 60 s late.
    "beat_enable_remote_control": True,
    "beat_max_loop_interval": 30,
}


def broker(url: str) -> dict[str, Any]:
    if url.startswith("redis"):
        return {
            "broker_transport_options": {
                # Seconds. Without them an enqueueing request waits for a dead broker.
                "socket_connect_timeout": 2,
                "socket_timeout": 5,
                "visibility_timeout": VISIBILITY_TIMEOUT,
            },
            "broker_use_ssl": VERIFIED if url.startswith("rediss") else None,
        }
    if url.startswith("amqp"):
        return {
            # Publisher confirms: enqueued means replicated to a majority of brokers.
            "broker_transport_options": {"confirm_publish": True},
            "task_default_queue_type": "quorum",
            "task_create_missing_queue_type": "quorum",
            # Quorum queues hold a countdown only behind a topic exchange.
            "task_default_exchange_type": "topic",
            "task_create_missing_queue_exchange_type": "topic",
            # None: the host name of the URL.
            "broker_use_ssl": (
                {"server_hostname": None} if url.startswith("amqps") else None
            ),
        }
    return {}


def results(url: str) -> dict[str, Any]:
    return {
        # Seconds.
        "result_expires": 86_400,
        "redis_socket_connect_timeout": 2,
        "redis_socket_timeout": 5,
        "redis_backend_use_ssl": VERIFIED if url.startswith("rediss") else None,
    }
