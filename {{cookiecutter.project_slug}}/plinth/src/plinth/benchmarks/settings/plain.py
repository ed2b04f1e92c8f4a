"""The site without the middleware of this project and of packages: Django's own stays."""

from plinth.benchmarks.settings.site import *

MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith("django.")]
