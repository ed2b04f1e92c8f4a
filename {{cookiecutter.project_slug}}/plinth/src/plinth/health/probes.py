"""Health probes of the services that the site depends on.

A probe is a function without arguments that raises when its service does not answer,
after the service's own time-out, which the settings keep to seconds. Load balancers probe
every server every few seconds, so a probe writes to no disk and no bucket.
"""

import logging
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock  # noqa: TID251 (one thread of a process probes)
from time import monotonic

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import default_storage, storages
from django.db import connection
from django.utils.module_loading import import_string

from plinth.database import replicas

logger = logging.getLogger(__name__)

# Seconds
TTL = 1.5
LOCK = Lock()


@dataclass
class Answers:
    """The last answers of this process's probes."""

    answers: dict[str, bool] = field(default_factory=dict)
    expires: float = 0


last = Answers()


def probe_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probe_replicas() -> None:
    if lost := [
        alias for alias in replicas.aliases() if not replicas.is_healthy(alias)
    ]:
        raise ConnectionError(f"{', '.join(lost)} unhealthy; the primary serves reads")


def probe_cache(alias: str = "default") -> None:
    cache = caches[alias]
    # A key of its own for each probe, so that servers don't read each other's values.
    key = f"health:{secrets.token_hex(8)}"
    # Without a read after a failed write: one time-out is enough.
    if not cache.add(key, key, timeout=10) or cache.get(key) != key:
        raise ConnectionError(f"the cache {alias} did not return what was stored")
    cache.delete(key)


def probe_sessions() -> None:
    probe_cache("sessions")


def probe_locks() -> None:
    probe_cache("locks")


def probe_storage() -> None:
    default_storage.exists("health")
    for alias in ("default", "public"):
        folder = Path(getattr(storages[alias], "location", ""))
        # Buckets have a prefix there. A folder is created with its first file.
        while folder.is_absolute() and not folder.exists():
            folder = folder.parent
        if folder.is_absolute() and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} is not writable: mount a volume there")


def services() -> Iterator[str]:
    """Yield the names of this module's probes that the settings call for."""
    yield from ("database", "cache", "storage")
    if replicas.aliases():
        yield "replicas"
    shared = settings.CACHES["default"].get("LOCATION")
    for alias in ("sessions", "locks"):
        # A Redis of its own can be the one that is down. In memory, the alias is the place.
        if settings.CACHES[alias].get("LOCATION") not in {shared, alias}:
            yield alias


def registered() -> dict[str, str]:
    """Return the dotted paths of the probes by name.

    An app adds its own as `health_probes` of its AppConfig, the project as HEALTH_PROBES,
    where None removes one.
    """
    probes: dict[str, str | None] = {
        name: f"{__name__}.probe_{name}" for name in services()
    }
    for config in apps.get_app_configs():
        probes |= getattr(config, "health_probes", {})
    probes |= settings.HEALTH_PROBES
    return {name: path for name, path in probes.items() if path}


def probe_all() -> dict[str, bool]:
    """Run all probes and log failures; return whether each service answers.

    The answers are up to TTL seconds old. While a thread probes, the others get the last
    ones: with a dead service, requests to the endpoint must not occupy all threads.
    """
    if not LOCK.acquire(blocking=not last.answers):
        return last.answers
    try:
        if monotonic() >= last.expires:
            last.answers = {
                name: is_answering(name, path) for name, path in registered().items()
            }
            last.expires = monotonic() + TTL
        return last.answers
    finally:
        LOCK.release()


def is_answering(name: str, path: str) -> bool:
    try:
        import_string(path)()
    except Exception:
        logger.exception("The %s does not answer", name)
        return False
    return True
