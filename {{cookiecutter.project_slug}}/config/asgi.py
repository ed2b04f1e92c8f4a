import os

# {% if cookiecutter.error_tracking == "newrelic" %}
from plinth.errors import new_relic

new_relic.start(
    "{{ cookiecutter.project_name }}",
)
# {% endif %}
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
# A persistent connection belongs to a thread, and under ASGI no thread serves twice.
os.environ["CONN_MAX_AGE"] = "0"

application = get_asgi_application()
