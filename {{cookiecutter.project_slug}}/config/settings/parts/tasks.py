"""Celery: tasks run in the request until CELERY_BROKER_URL names a broker.

plinth/src/plinth/tasks/defaults.py has the rest, with reasons: late acknowledgement,
retries, time-outs. A CELERY_* setting here overrides it.
"""

from config.settings.environment import env

CELERY_BROKER_URL = env.url("CELERY_BROKER_URL", "redis", "rediss", "amqp", "amqps")
# Results are discarded unless this names a Redis.
CELERY_RESULT_BACKEND = env.url("CELERY_RESULT_BACKEND", "redis", "rediss") or None
# Seconds. The soft limit raises SoftTimeLimitExceeded in the task; the hard one kills it.
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330

# user:password of `make flower`.
FLOWER_BASIC_AUTH = env("FLOWER_BASIC_AUTH")
