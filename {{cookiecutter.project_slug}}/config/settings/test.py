"""The test suite: quick, alone, the same on every machine."""

import os

# Somebody's .env must not decide whether a test passes.
os.environ["ENV_FILE"] = os.devnull

from .base import *

DEBUG = False
SECRET_KEY = "test"
ALLOWED_HOSTS = ["testserver", "localhost"]

INSTALLED_APPS += ["zeal"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]

# A slow hash protects people; here there are none.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Nothing is collected: static files come from where they are written.
WHITENOISE_AUTOREFRESH = True

STORAGES["default"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
# {% if cookiecutter.use_celery %}
CELERY_TASK_EAGER_PROPAGATES = True
# {% endif %}
