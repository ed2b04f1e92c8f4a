"""No middleware between gunicorn and the view: the cost of Django's core."""

from plinth.benchmarks.settings.site import *

MIDDLEWARE = []
