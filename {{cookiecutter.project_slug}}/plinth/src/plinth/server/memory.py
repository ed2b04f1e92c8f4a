"""Memory that workers share, and that of password hashes against the container's limit."""

import gc
from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import get_hasher

from .resources import memory_limits

# Of the limit; the other half is for the processes themselves.
FRACTION = 0.5


def share_with_workers() -> None:
    """Import the URLconf, and with it every view; call it before the fork.

    The garbage collector then leaves alone what is loaded: it writes to each object that it
    visits, which gives every worker a copy.
    """
    if apps.ready:  # gunicorn may serve something else
        import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()


def hash_memory_warning(workers: int, threads: int) -> str:
    """Return a warning if sign-ins in all threads can exhaust the memory; empty if not."""
    hash_bytes = getattr(get_hasher(), "memory_cost", 0) * 1024
    needed, limit = workers * threads * hash_bytes, min(memory_limits(), default=0)
    if not limit or needed <= FRACTION * limit:
        return ""
    return (
        f"{workers} workers of {threads} threads hash passwords with up to "
        f"{needed >> 20} MiB, and the container is limited to {limit >> 20} MiB: lower "
        "WEB_CONCURRENCY or WEB_THREADS, or raise the limit."
    )
