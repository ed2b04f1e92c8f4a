"""The same, where nothing is kept."""

from plinth.benchmarks.settings.no_cache import *

MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith("django.")]
