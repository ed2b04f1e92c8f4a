"""Celery's schedule. The worker is `celery --app config.celery worker`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
# {% if cookiecutter.error_tracking == "newrelic" %}

from plinth.errors import new_relic

new_relic.start(
    "{{ cookiecutter.project_name }}",
)
# {% endif %}

from plinth.tasks.app import app
from plinth.tasks.schedule import registered

# Periodic tasks declare it: @app.task(beat_schedule=crontab(hour="3", minute="30")).
app.conf.beat_schedule = registered()
