"""Settings of a developer's machine: no server, and errors shown in full."""

import sys

from .base import *

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = SECRET_KEY or "local"
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", ".localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS += [
    "plinth.mail.inbox",
    "debug_toolbar",
    "django_browser_reload",
    "django_extensions",
    "zeal",
]
if "django.contrib.gis" not in INSTALLED_APPS:
    # The toolbar imports it, which searches for GDAL: a dozen subprocesses, 0.2 s per start.
    sys.modules["django.contrib.gis.db.backends.postgis.adapter"] = None  # type: ignore[assignment]

MIDDLEWARE += [
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django_browser_reload.middleware.BrowserReloadMiddleware",
    # Raises on an N+1 query.
    "zeal.middleware.zeal_middleware",
]
DEBUG_TOOLBAR_CONFIG = {
    # Closed, so that it does not cover the page.
    "SHOW_COLLAPSED": True,
    # In place of INTERNAL_IPS: the client IP in a container is not known in advance.
    "SHOW_TOOLBAR_CALLBACK": lambda request: DEBUG,
}

# Serves static files with DEBUG off too, to look at error pages.
WHITENOISE_USE_FINDERS = True

if not env("EMAIL_URL"):
    MAILERS["default"] = {
        "BACKEND": "plinth.mail.inbox.backend.EmailBackend",
        "OPTIONS": {"folder": BASE_DIR / "inbox"},
    }
