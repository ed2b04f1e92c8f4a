"""A developer's machine: everything visible, nothing to install but Python."""

import sys

from .base import *

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = SECRET_KEY or "local"
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", ".localhost", "127.0.0.1", "[::1]"]
DEFAULT_EXCEPTION_REPORTER = "plinth.errors.debug_page.ExceptionReporter"

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
    # ?profile shows staff a page's flame graph.
    "plinth.profiling.middleware.ProfileMiddleware",
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django_browser_reload.middleware.BrowserReloadMiddleware",
    # Raises on an N+1 query.
    "zeal.middleware.zeal_middleware",
]
# SILK=true records requests and their queries, at /silk/.
if env.bool("SILK", default=False):
    INSTALLED_APPS += ["silk"]
    MIDDLEWARE.insert(0, "plinth.profiling.silk.SilkMiddleware")
# Collapsed to a handle at the edge, so that it covers no page.
DEBUG_TOOLBAR_CONFIG = {
    "SHOW_COLLAPSED": True,
    # INTERNAL_IPS can't name the client's address, which a container does not know.
    # Off with ?profile: its panels would take most of the time.
    "SHOW_TOOLBAR_CALLBACK": lambda request: DEBUG and "profile" not in request.GET,
}

# Serves static files with DEBUG=false too, under gunicorn: to see the error pages.
WHITENOISE_USE_FINDERS = True

if not env("EMAIL_URL"):
    MAILERS["default"] = {
        "BACKEND": "plinth.mail.inbox.backend.EmailBackend",
        "OPTIONS": {"folder": BASE_DIR / "inbox"},
    }
