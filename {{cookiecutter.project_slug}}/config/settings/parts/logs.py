"""Metrics, and logging: one handler, one line per event, each with its request id."""

from typing import Any

from config.settings.environment import env

# Where each server shows its metrics to Prometheus; none without it: docs/monitoring.md.
METRICS_BIND = env.address("METRICS_BIND")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "plinth.logs.formatters.RequestIdFilter"}},
    "formatters": {
        "readable": {
            "()": "plinth.logs.formatters.ReadableFormatter",
            "format": "{asctime} {levelname:7} [{request_id}] {name}: {message}",
            "style": "{",
        },
        "json": {"()": "plinth.logs.formatters.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "readable",
        },
    },
    "root": {
        "handlers": ["console"],
        "level": env.choice(
            "LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", default="INFO"
        ),
    },
    "loggers": {
        # Django attaches handlers of its own to these; here they propagate to the root's.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # RequestLogMiddleware logs each request, with its status and duration.
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        # Its warnings repeat at each attempt; a request that gets no connection logs that.
        "psycopg.pool": {"level": "ERROR"},
    },
}
