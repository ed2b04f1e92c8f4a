"""The site with Django's own middleware only, without caches."""

from plinth.benchmarks.settings.no_cache import *

MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith("django.")]
