"""The site, where nothing is kept: each page is made anew, each session read."""

from plinth.benchmarks.settings.site import *

CACHES = {
    alias: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    for alias in CACHES
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
