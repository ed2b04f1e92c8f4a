"""The site with Django's own middleware only."""

from plinth.benchmarks.settings.site import *

# allauth does not start without its own.
MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith(("allauth.", "django."))]
