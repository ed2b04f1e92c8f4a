"""The site with Django's own middleware only."""

from plinth.benchmarks.settings.site import *

MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith("django.")]
