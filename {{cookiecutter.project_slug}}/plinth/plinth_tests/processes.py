"""Django in a process of its own, as a server runs it: settings are read once in each."""

import os
import subprocess
import sys
from importlib.util import find_spec

from django.conf import settings

# A bucket of each provider whose extra is installed; building a URL contacts none.
BUCKETS = {
    "s3": {
        "AWS_STORAGE_BUCKET_NAME": "uploads",
        "AWS_S3_REGION_NAME": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    },
    "gcs": {"GS_BUCKET_NAME": "uploads"},
    "azure": {
        "AZURE_CONTAINER": "uploads",
        "AZURE_ACCOUNT_NAME": "account",
        "AZURE_ACCOUNT_KEY": "a2V5",
    },
}


def installed(module: str) -> bool:
    """Whether an extra's module can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


MODULES = {"s3": "boto3", "gcs": "google.cloud.storage", "azure": "azure.storage.blob"}
# The first provider that is installed, or "" where files stay on the disk.
PROVIDER = next((name for name in BUCKETS if installed(MODULES[name])), "")
CELERY = installed("celery")

FILES = {"CDN_DOMAIN": "cdn.example.com", **BUCKETS.get(PROVIDER, {})}
# All that production requires; nothing is connected to.
COMPLETE = {
    "SECRET_KEY": "an-unguessable-key-of-more-than-fifty-characters-0123456789",
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_URL": "postgres://app:secret@db.example.com/app?sslmode=verify-full",
    "REDIS_URL": "redis://127.0.0.1:1",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    **FILES,
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/1" if CELERY else "",
}
# Where a page is requested, a database in memory will do.
EMBEDDED = {
    **COMPLETE,
    **dict.fromkeys(FILES, ""),
    "DATABASE_URL": "sqlite://",
    "REDIS_URL": "",
    "CELERY_BROKER_URL": "",
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
