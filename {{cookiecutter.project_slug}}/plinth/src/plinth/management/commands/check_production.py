import os
import secrets
import subprocess  # noqa: TID251 (settings are read once in a process)
import sys
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# All that production requires, to be checked and not to be connected to.
VARIABLES = {
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "postgres://app@localhost/app",
    "REDIS_URL": "redis://localhost",
    "EMAIL_URL": "smtp://localhost",
    "CDN_DOMAIN": "cdn.localhost",
    "ENV_FILE": os.devnull,
    "DEBUG": "",
}
BUCKETS = {
    "boto3": {"AWS_STORAGE_BUCKET_NAME": "uploads"},
    "google.cloud.storage": {"GS_BUCKET_NAME": "uploads"},
    "azure.storage.blob": {
        "AZURE_CONTAINER": "uploads",
        "AZURE_ACCOUNT_NAME": "account",
    },
}


class Command(BaseCommand):
    help = "Run `check --deploy` with production's settings; a warning is an error."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        variables = VARIABLES | {"SECRET_KEY": secrets.token_urlsafe(50)}
        for module, names in BUCKETS.items():
            if installed(module):
                variables |= names
                break
        if apps.is_installed("plinth.tasks"):
            variables |= {"CELERY_BROKER_URL": "redis://localhost/1"}
        done = subprocess.run(  # noqa: S603 (Django's own command)
            [
                *(sys.executable, "manage.py", "check", "--deploy"),
                *("--fail-level=WARNING", "--settings=config.settings.production"),
            ],
            cwd=settings.BASE_DIR,
            env=os.environ | variables,
            check=False,
        )
        if done.returncode:
            raise CommandError("Production's settings have errors.")


def installed(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
