"""gunicorn: `gunicorn --config python:config.gunicorn config.wsgi`.

plinth/src/plinth/server/gunicorn.py sets workers, threads, timeouts and limits, each with its
reason. A setting here overrides one of them.
"""

from plinth.server.gunicorn import *

# The name in ps, `gunicorn: master [{{ cookiecutter.project_slug }}]`, and in statsd's metrics.
proc_name = statsd_prefix = "{{ cookiecutter.project_slug }}"
