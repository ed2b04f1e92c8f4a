"""Django in a process of its own, as a server runs it: settings are read once in each."""

import os
import subprocess
import sys

from django.conf import settings

# Files go to a bucket and come from a CDN; to name an address asks neither.
FILES = {
    "CDN_DOMAIN": "cdn.example.com",
    # {% if cookiecutter.media_storage == "s3" %}
    "AWS_STORAGE_BUCKET_NAME": "uploads",
    "AWS_S3_REGION_NAME": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    # {% endif %}
    # {% if cookiecutter.media_storage == "gcs" %}
    "GS_BUCKET_NAME": "uploads",
    # {% endif %}
    # {% if cookiecutter.media_storage == "azure" %}
    "AZURE_CONTAINER": "uploads",
    "AZURE_ACCOUNT_NAME": "account",
    "AZURE_ACCOUNT_KEY": "a2V5",
    # {% endif %}
}
# What production settings ask for, as a server has it; nothing is connected to.
COMPLETE = {
    "SECRET_KEY": "an-unguessable-key-of-more-than-fifty-characters-0123456789",
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_URL": "postgres://app:secret@db.example.com/app?sslmode=verify-full",
    "REDIS_URL": "redis://127.0.0.1:1",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    **FILES,
    # {% if cookiecutter.use_celery %}
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/1",
    # {% endif %}
}
# Where a page is asked for, a database in memory will do.
EMBEDDED = {
    **COMPLETE,
    **dict.fromkeys(FILES, ""),
    "DATABASE_URL": "sqlite://",
    "REDIS_URL": "",
    # {% if cookiecutter.use_celery %}
    "CELERY_BROKER_URL": "",
    # {% endif %}
}


def python(
    *arguments: str, environment: str = "production", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python under these settings, with these variables and no others."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": f"config.settings.{environment}",
            "ENV_FILE": os.devnull,
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def run_code(
    code: str, environment: str = "production", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run code that must succeed."""
    done = python("-c", code, environment=environment, **variables)
    assert done.returncode == 0, done.stderr
    return done
