import os

# {% if cookiecutter.error_tracking == "newrelic" %}
from plinth.errors import new_relic

new_relic.start(
    "{{ cookiecutter.project_name }}",
)
# {% endif %}
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()
