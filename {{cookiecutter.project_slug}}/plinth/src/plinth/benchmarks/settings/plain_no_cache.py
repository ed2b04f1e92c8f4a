"""The site with Django's own middleware only, without caches."""

from plinth.benchmarks.settings.no_cache import *

# allauth does not start without its own.
MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith(("allauth.", "django."))]
