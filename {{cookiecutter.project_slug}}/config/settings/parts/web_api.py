"""The API: docs/api.md. Its libraries' settings are in plinth/src/plinth/api/settings.py."""

from config.settings.environment import env
from plinth.api.settings import *

# Origins whose pages may call the API from a browser: with a token, not with cookies.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
