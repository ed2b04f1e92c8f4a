"""Settings of the test suites: fast, and independent of the machine."""

import os
from pathlib import Path

from plinth.testing import isolate_environment

# DATABASE_URL alone is read from the environment.
isolate_environment(
    Path(__file__).resolve().parent.parent.parent / ".env.example",
    keep={"DATABASE_URL"},
)
# Open connections of a pool would prevent dropping the test database.
os.environ["DATABASE_POOLER"] = "none"

from .base import *

DEBUG = False
SECRET_KEY = "test"
ALLOWED_HOSTS = ["testserver", "localhost"]

INSTALLED_APPS += ["zeal", "plinth.mail.inbox"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]

# A second connection would not see the test's uncommitted transaction.
DATABASES.pop("direct", None)

# A fast hash: test passwords protect nothing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Without collectstatic, WhiteNoise serves files from their sources.
WHITENOISE_AUTOREFRESH = True

# {% if cookiecutter.use_celery %}
# An error in a task fails the test.
CELERY_TASK_EAGER_PROPAGATES = True
# {% endif %}
for name in ("default", "public"):
    STORAGES[name] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
ANYMAIL = {
    "WEBHOOK_SECRET": "mail:a-secret-of-the-tests",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "a-key-of-the-tests",
}
