"""A developer's machine: everything visible, nothing to install but Python."""

from .base import *

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = SECRET_KEY or "local"
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", ".localhost", "127.0.0.1", "[::1]"]
INTERNAL_IPS = ["127.0.0.1", "::1"]

INSTALLED_APPS += [
    "debug_toolbar",
    "django_browser_reload",
    "django_extensions",
    "zeal",
]
MIDDLEWARE += [
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django_browser_reload.middleware.BrowserReloadMiddleware",
    # Raises where a page makes the same query again and again (N+1).
    "zeal.middleware.zeal_middleware",
]
# {% if cookiecutter.use_celery %}

# A task that fails in the request fails the request: here one wants to see it.
CELERY_TASK_EAGER_PROPAGATES = True
# {% endif %}
