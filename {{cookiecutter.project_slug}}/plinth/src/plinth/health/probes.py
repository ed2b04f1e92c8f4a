"""Probes of the parts that the site stands on: each one asks its part a question.

A probe raises when its part does not answer, after the part's own time-out, which the
settings keep to seconds. None of them writes to a disk or a bucket: load balancers ask
every few seconds, from every server.
"""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.module_loading import import_string

from plinth.database import replicas

logger = logging.getLogger(__name__)


def probe_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probe_replicas() -> None:
    if lost := [alias for alias in replicas.aliases() if not replicas.is_healthy(alias)]:
        raise ConnectionError(f"{', '.join(lost)} can't serve; the primary does")


def probe_cache(alias: str = "default") -> None:
    cache = caches[alias]
    # A value of its own for each probe, so that servers don't read each other's.
    key = f"health:{secrets.token_hex(8)}"
    # What is not stored is not asked for: one time-out is enough.
    if not cache.add(key, key, timeout=10) or cache.get(key) != key:
        raise ConnectionError(f"the cache {alias} did not return what was put into it")
    cache.delete(key)


def probe_sessions() -> None:
    probe_cache("sessions")


def probe_locks() -> None:
    probe_cache("locks")


def probe_storage() -> None:
    default_storage.exists("health")


def default_probes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the probes of the services that these settings name, by dotted path."""
    caches, redis_url = settings["CACHES"], settings["REDIS_URL"]
    probes = dict.fromkeys(("database", "cache", "storage"), "")
    if any(alias.startswith("replica_") for alias in settings["DATABASES"]):
        probes["replicas"] = ""
    # A Redis of its own can be the one that is down.
    for alias in ("sessions", "locks"):
        if caches[alias].get("LOCATION") not in {alias, redis_url}:
            probes[alias] = ""
    paths = {name: f"plinth.health.probes.probe_{name}" for name in probes}
    if settings.get("CELERY_BROKER_URL"):
        paths["broker"] = "plinth.tasks.app.probe_broker"
    return paths


def probe_all() -> dict[str, bool]:
    """Run HEALTH_PROBES, and log why a part does not answer; True stands for an answer."""
    answers = {}
    for part, path in settings.HEALTH_PROBES.items():
        try:
            import_string(path)()
        except Exception:
            logger.exception("The %s does not answer", part)
            answers[part] = False
        else:
            answers[part] = True
    return answers
