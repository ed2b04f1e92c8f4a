"""Celery: tasks run in the request until CELERY_BROKER_URL names a broker.

plinth/src/plinth/tasks/defaults.py has the rest and its reasons: time limits (300 s soft,
330 s hard), late acknowledgement, TLS. A CELERY_* setting here overrides one.
"""

from config.settings.environment import env

CELERY_BROKER_URL = env.url("CELERY_BROKER_URL", "redis", "rediss", "amqp", "amqps")
# Results are discarded unless this names a Redis server.
CELERY_RESULT_BACKEND = env.url("CELERY_RESULT_BACKEND", "redis", "rediss") or None

# user:password of `make flower`.
FLOWER_BASIC_AUTH = env.credentials("FLOWER_BASIC_AUTH")
