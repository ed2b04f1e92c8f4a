"""Celery settings for at-least-once delivery.

A task is acknowledged after it has run, so a lost worker loses none and another worker
runs it again: make tasks idempotent. The project's own CELERY_* settings override these,
a dict key by key.
"""

from typing import Any

from django.conf import settings

# A broker's certificate and host name are verified; Celery's default skips that for
# Redis. Options in the URL (?ssl_ca_certs=) take precedence.
VERIFIED = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
# Seconds: the longest backoff between two retries, which is that of mail.
LONGEST_BACKOFF = 1800

WORKER: dict[str, Any] = {
    # A worker waits for its broker without limit, at the start and later.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # Seconds. The soft limit raises SoftTimeLimitExceeded in the task; the hard one kills
    # its process.
    "task_soft_time_limit": 300,
    "task_time_limit": 330,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    # Bounded by max_retries: a task that kills its worker must not do so for ever.
    "task_retry_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # A task that can't be acknowledged any more is delivered again: don't run it twice.
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    # Seconds that running tasks have after SIGQUIT, before they are requeued. On SIGTERM a
    # worker waits for all of them, unless REMAP_SIGTERM=SIGQUIT, as in the image.
    "worker_soft_shutdown_timeout": 10,
    # Beat answers pings as celerybeat@host, and not when its schedule is 60 s late.
    "beat_enable_remote_control": True,
    "beat_max_loop_interval": 30,
}


def defaults() -> dict[str, Any]:
    """Return Celery's settings: these, merged with the project's CELERY_* settings.

    The merge is here because `add_defaults` takes precedence over the settings module.
    """
    url = settings.CELERY_BROKER_URL
    backend = getattr(settings, "CELERY_RESULT_BACKEND", None) or ""
    ours = WORKER | general(url, backend) | broker(url) | results(backend)
    return {name: merged(name, value) for name, value in ours.items()}


def merged(name: str, value: Any) -> Any:
    own = getattr(settings, f"CELERY_{name.upper()}", value)
    return value | own if isinstance(value, dict) and isinstance(own, dict) else own


def general(url: str, backend: str) -> dict[str, Any]:
    return {
        "task_always_eager": not url,
        # An error in an eager task fails the request where a developer sees it.
        "task_eager_propagates": settings.DEBUG,
        "task_ignore_result": not backend,
        "timezone": settings.TIME_ZONE,
        # For eager tasks Celery opens a producer too, and warns if its URL has no host.
        **({} if url else {"broker_write_url": "memory://localhost"}),
    }


def broker(url: str) -> dict[str, Any]:
    if url.startswith("redis"):
        limit = merged("task_time_limit", WORKER["task_time_limit"]) or 0
        options = {
            # Seconds. Without them an enqueueing request waits for a dead broker.
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            # Seconds after which Redis delivers an unacknowledged task to another worker.
            # Longer than a task runs and waits for a retry, or it runs twice: so a
            # countdown or an eta must not exceed it.
            "visibility_timeout": limit + LONGEST_BACKOFF + 270,
        }
        tls = {"broker_use_ssl": VERIFIED} if url.startswith("rediss") else {}
        return {"broker_transport_options": options, **tls}
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
            **(
                {"broker_use_ssl": {"server_hostname": None}}
                if url.startswith("amqps")
                else {}
            ),
        }
    return {}


def results(url: str) -> dict[str, Any]:
    tls = {"redis_backend_use_ssl": VERIFIED} if url.startswith("rediss") else {}
    # Seconds.
    return {
        "result_expires": 86_400,
        "redis_socket_connect_timeout": 2,
        "redis_socket_timeout": 5,
        **tls,
    }
