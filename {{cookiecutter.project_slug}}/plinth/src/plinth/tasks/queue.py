"""Enqueue tasks without importing Celery where it is not installed."""

import logging
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


def enqueue(task: str, **arguments: Any) -> bool:
    """Enqueue a task by its dotted path; return whether a broker has accepted it.

    On False the caller does the work itself: `plinth.tasks` is not installed,
    CELERY_BROKER_URL is empty, or the broker does not respond, which is logged. Raises
    ImportError for an unknown path, with or without a broker.
    """
    if not apps.is_installed("plinth.tasks"):
        return False
    from celery.exceptions import OperationalError

    found = import_string(task)
    if not settings.CELERY_BROKER_URL:
        return False
    try:
        found.delay(**arguments)
    except OperationalError:
        logger.exception("The broker did not accept a task")
        return False
    return True
