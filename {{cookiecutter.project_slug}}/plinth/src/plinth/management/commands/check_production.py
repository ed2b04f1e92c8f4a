import secrets
import subprocess  # noqa: TID251 (settings are read once in a process)
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth import extras
from plinth.env import process_variables

# Valid values for what production requires; the checks connect to nothing.
VARIABLES = {
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "postgres://app@localhost/app",
    "REDIS_URL": "redis://localhost",
    "CELERY_BROKER_URL": "redis://localhost/1",
    "EMAIL_URL": "smtp://localhost",
    "METRICS_BIND": "localhost:9464",
    "DEFAULT_FROM_EMAIL": "noreply@localhost",
    "SECURITY_CONTACT": "security@localhost",
    "CDN_DOMAIN": "cdn.localhost",
    # A line of .env.example may say otherwise.
    "DEBUG": "",
}
# Those of an extra; one bucket at a time.
TRACKERS = {
    "sentry": {"SENTRY_DSN": "https://key@localhost/1"},
    "newrelic": {"NEW_RELIC_LICENSE_KEY": "key"},
}
BUCKETS = {
    "s3": {"AWS_STORAGE_BUCKET_NAME": "uploads"},
    "gcs": {"GS_BUCKET_NAME": "uploads"},
    "azure": {"AZURE_CONTAINER": "uploads", "AZURE_ACCOUNT_NAME": "account"},
}


def of_installed(table: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the variables of the first extra that is installed."""
    return table.get(next(filter(extras.is_installed, table), ""), {})


class Command(BaseCommand):
    """`check --deploy` with production's settings, on a machine without its variables."""

    help = "Run `check --deploy` with production's settings; a warning is an error."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        variables = {
            **VARIABLES,
            **of_installed(TRACKERS),
            **of_installed(BUCKETS),
            "SECRET_KEY": secrets.token_urlsafe(50),
            # Its lines without a # are the variables that the project itself requires.
            "ENV_FILE": str(settings.BASE_DIR / ".env.example"),
        }
        done = subprocess.run(  # noqa: S603 (Django's own command)
            [
                *(sys.executable, "manage.py", "check", "--deploy"),
                *("--fail-level=WARNING", "--settings=config.settings.production"),
            ],
            cwd=settings.BASE_DIR,
            env=process_variables() | variables,
            check=False,
        )
        if done.returncode:
            raise CommandError("The check of production's settings has failed.")
