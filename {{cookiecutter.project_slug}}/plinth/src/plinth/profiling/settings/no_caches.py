"""As if every cache were empty at each request."""

from plinth.profiling.settings.site import *

DUMMY = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
CACHES = dict.fromkeys(project["CACHES"], DUMMY)
SESSION_ENGINE = "django.contrib.sessions.backends.db"
