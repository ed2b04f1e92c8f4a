"""Enqueue a task where a worker can take it, without importing Celery elsewhere."""

import logging
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


def enqueue(task: str, **arguments: Any) -> bool:
    """Enqueue a task, by its dotted path; return whether a broker has accepted it.

    False means that nothing will run it: `plinth.tasks` is not installed, CELERY_BROKER_URL
    is empty, or the broker does not answer, which is logged.
    """
    if not apps.is_installed("plinth.tasks") or not settings.CELERY_BROKER_URL:
        return False
    from celery.exceptions import OperationalError

    try:
        import_string(task).delay(**arguments)
    except OperationalError:
        logger.exception("The broker did not accept a task")
        return False
    return True
