"""No middleware between gunicorn and the view: the cost of Django's core."""

from plinth.benchmarks.settings.site import *

# allauth does not start without its own.
MIDDLEWARE = [path for path in MIDDLEWARE if path.startswith("allauth.")]
