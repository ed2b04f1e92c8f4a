"""The API: docs/api.md. Its libraries' settings are in plinth/src/plinth/api/settings.py."""

from config.settings.environment import env
from plinth.api import settings as api

# Origins whose pages may call the API from a browser: with a token, not with cookies.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = api.CORS_ALLOW_HEADERS
CORS_EXPOSE_HEADERS = api.CORS_EXPOSE_HEADERS

WHITENOISE_SKIP_COMPRESS_EXTENSIONS = api.WHITENOISE_SKIP_COMPRESS_EXTENSIONS
# Requests and seconds, by IP address and by user.
API_RATES = {"anonymous": (120, 60), "user": (600, 60)}
# {% if cookiecutter.rest_api == "drf" %}

REST_FRAMEWORK = api.REST_FRAMEWORK
SPECTACULAR_SETTINGS = api.SPECTACULAR_SETTINGS
# {% endif %}
