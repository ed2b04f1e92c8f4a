"""Nothing between gunicorn and the view: what Django itself costs."""

from plinth.benchmarks.settings.site import *

MIDDLEWARE = []
