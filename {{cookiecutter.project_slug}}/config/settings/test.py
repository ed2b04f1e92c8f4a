"""The test suite: fast, isolated, the same on every machine.

No variable of the shell or of .env counts, except DATABASE_URL of the shell.
"""

from plinth.testing import isolate_environment

# A pool's connections would block the test database from being dropped.
isolate_environment("DATABASE_URL", DATABASE_POOLER="none")

from .base import *

DEBUG = False
SECRET_KEY = "test"
ALLOWED_HOSTS = ["testserver", "localhost"]

INSTALLED_APPS += ["zeal", "plinth.mail.inbox"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]

# A second connection would not see the test's uncommitted transaction.
DATABASES.pop("direct", None)

# Fast: the passwords of tests protect nothing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# No collectstatic: WhiteNoise serves files from where they are written.
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
