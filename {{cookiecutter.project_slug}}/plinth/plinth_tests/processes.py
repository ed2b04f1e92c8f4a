"""Django in a process of its own, as a server runs it: settings are read once in each."""

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from plinth import extras

PLINTH = Path(__file__).resolve().parent.parent

# A bucket of each provider; building a URL contacts none.
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
# The first provider whose extra is installed, or "" where files stay on the disk.
PROVIDER = next(filter(extras.is_installed, BUCKETS), "")
CELERY = extras.is_installed("celery")

FILES = {"CDN_DOMAIN": "cdn.example.com", **BUCKETS.get(PROVIDER, {})}
# All that production requires; nothing is connected to.
COMPLETE = {
    "SECRET_KEY": "an-unguessable-key-of-more-than-fifty-characters-0123456789",
    "ALLOWED_HOSTS": "example.com",
    "DATABASE_URL": "postgres://app:secret@db.example.com/app?sslmode=verify-full"
    f"&sslrootcert={os.devnull}",
    "REDIS_URL": "redis://127.0.0.1:1",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "METRICS_BIND": "127.0.0.1:9464",
    **FILES,
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/1" if CELERY else "",
    "SENTRY_DSN": "http://key@127.0.0.1:1/1" if extras.is_installed("sentry") else "",
    "NEW_RELIC_LICENSE_KEY": "0" * 40,
}
# Where a page is requested, a database in memory will do.
EMBEDDED = {
    **COMPLETE,
    **dict.fromkeys(FILES, ""),
    "DATABASE_URL": "sqlite://",
    "REDIS_URL": "",
    "CELERY_BROKER_URL": "",
    "METRICS_BIND": "",
    "SENTRY_DSN": "",
    "NEW_RELIC_LICENSE_KEY": "",
}


def environ(environment: str, variables: dict[str, str]) -> dict[str, str]:
    """Return these variables and no others of the shell's."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PLINTH),
        "DJANGO_SETTINGS_MODULE": f"config.settings.{environment}",
        # Its lines without a # are what the project itself requires.
        "ENV_FILE": str(settings.BASE_DIR / ".env.example"),
        "DEBUG": "",
        **variables,
    }


def python(
    *arguments: str, environment: str = "production", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a new Python."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environ(environment, variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@cache
def fork_server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "plinth_tests.fork_server"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PLINTH)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.kill)
    return server


def run(
    code: str, environment: str = "production", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run code as `python -c` does, in a tenth of the time."""
    if not hasattr(os, "fork"):  # Windows
        return python("-c", code, environment=environment, **variables)
    server = fork_server()
    assert server.stdin
    assert server.stdout
    request = {"code": code, "variables": environ(environment, variables)}
    server.stdin.write(f"{json.dumps(request)}\n")
    server.stdin.flush()
    answer = json.loads(server.stdout.readline())
    return subprocess.CompletedProcess([code], **answer)


def run_code(
    code: str, environment: str = "production", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run code that must succeed."""
    done = run(code, environment=environment, **variables)
    assert done.returncode == 0, done.stderr
    return done


def evaluate(code: str, environment: str = "production", **variables: str) -> Any:
    """Run code, and return what it leaves in `result`."""
    code = f"{code}\nimport json\nprint(json.dumps(result, default=str))"
    done = run_code(code, environment=environment, **variables)
    return json.loads(done.stdout.splitlines()[-1])
