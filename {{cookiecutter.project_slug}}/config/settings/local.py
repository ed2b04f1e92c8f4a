"""A developer's machine: everything visible, nothing to install but Python."""

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
    # The toolbar would look for GDAL: a dozen subprocesses, 0.2 s at every start.
    sys.modules["django.contrib.gis.db.backends.postgis.adapter"] = None  # type: ignore[assignment]

MIDDLEWARE += [
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django_browser_reload.middleware.BrowserReloadMiddleware",
    # Raises where a page makes the same query again and again (N+1).
    "zeal.middleware.zeal_middleware",
]
# A handle at the edge until somebody opens it, so that it hides no page.
DEBUG_TOOLBAR_CONFIG = {
    "SHOW_COLLAPSED": True,
    # In a container, requests come from an address that nobody knows before.
    "SHOW_TOOLBAR_CALLBACK": lambda request: DEBUG,
}

# Static files are served with DEBUG off too, as error pages want to be seen.
WHITENOISE_USE_FINDERS = True

if not env("EMAIL_URL"):
    MAILERS["default"] = {
        "BACKEND": "plinth.mail.inbox.backend.EmailBackend",
        "OPTIONS": {"folder": BASE_DIR / "inbox"},
    }
