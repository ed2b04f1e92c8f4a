"""The test suite: quick, alone, the same on every machine."""

import os

# Neither somebody's .env nor his shell decides whether a test passes, but for the
# database, which may be any.
os.environ["ENV_FILE"] = os.devnull
for name in (
    # {% if cookiecutter.media_storage == "s3" %}
    "AWS_STORAGE_BUCKET_NAME",
    # {% endif %}
    # {% if cookiecutter.media_storage == "azure" %}
    "AZURE_CONTAINER",
    # {% endif %}
    "CDN_DOMAIN",
    "CELERY_BROKER_URL",
    "DATABASE_REPLICA_URL",
    # {% if cookiecutter.media_storage == "gcs" %}
    "GS_BUCKET_NAME",
    # {% endif %}
    "REDIS_LOCKS_URL",
    "REDIS_SESSIONS_URL",
    "REDIS_URL",
    "SENTRY_DSN",
):
    os.environ.pop(name, None)
    os.environ.pop(f"{name}_FILE", None)
# A pool would hold on to a database that is to be dropped.
os.environ["DATABASE_POOLER"] = "none"

from .base import *

DEBUG = False
SECRET_KEY = "test"
ALLOWED_HOSTS = ["testserver", "localhost"]

INSTALLED_APPS += ["zeal"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]

# One way to the database: another would not see what a test has not committed.
DATABASES.pop("direct", None)

# A slow hash protects people; here there are none.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Nothing is collected: static files come from where they are written.
WHITENOISE_AUTOREFRESH = True

for name in ("default", "public"):
    STORAGES[name] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
# A developer's, and tested like the rest.
INSTALLED_APPS += ["apps.inbox"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
ANYMAIL = {
    "WEBHOOK_SECRET": "mail:a-secret-of-the-tests",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "a-key-of-the-tests",
}
# {% if cookiecutter.use_celery %}
CELERY_TASK_EAGER_PROPAGATES = True
# {% endif %}
