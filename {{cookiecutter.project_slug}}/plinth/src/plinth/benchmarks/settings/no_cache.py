"""The site without caches: each page is rendered, each session read from the database."""

from plinth.benchmarks.settings.site import *

CACHES = {
    alias: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    for alias in CACHES
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
