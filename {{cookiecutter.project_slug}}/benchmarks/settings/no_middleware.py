"""Nothing between gunicorn and the view: what Django itself costs."""

from benchmarks.settings.site import *

MIDDLEWARE = []
