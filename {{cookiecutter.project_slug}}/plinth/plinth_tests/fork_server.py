"""Runs code in forks of a process that has imported Django, which saves its start.

Each fork has the environment variables of its request alone and reads the settings
itself. Reads one JSON request a line from stdin, and answers each with a line on stdout.
`processes.py` starts it.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from types import ModuleType
from typing import NoReturn

# Seconds
TIMEOUT = 30
# What a project imports at its start; none of them reads settings. Extras may be missing.
MODULES = (
    "boto3.s3.transfer",
    "celery.contrib.django.task",
    "django.contrib.admin.options",
    "django.core.handlers.wsgi",
    "django.core.management.commands.migrate",
    "django.db.backends.sqlite3.base",
    "django.test",
    "django.views.debug",
    "django_http_compression.middleware",
    "django_redis.client",
    "psycopg_pool",
    "pythonjsonlogger.json",
    "storages.backends.s3",
    "whitenoise.storage",
)


def run(code: str, variables: dict[str, str], stdout: int, stderr: int) -> NoReturn:
    """Run code as `python -c` does; end this process."""
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    signal.alarm(TIMEOUT)
    os.environ.clear()
    os.environ.update(variables)
    paths = variables.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[1:1] = [path for path in paths if path and path not in sys.path]
    main = sys.modules["__main__"] = ModuleType("__main__")
    status = 0
    try:
        exec(code, main.__dict__)  # noqa: S102 (a test's own)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        if isinstance(stop.code, str):
            sys.stderr.write(f"{stop.code}\n")
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def serve(line: str) -> dict[str, object]:
    request = json.loads(line)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if not child:
            run(request["code"], request["variables"], stdout.fileno(), stderr.fileno())
        _, status = os.waitpid(child, 0)
        stdout.seek(0)
        stderr.seek(0)
        return {
            "returncode": os.waitstatus_to_exitcode(status),
            "stdout": stdout.read().decode(),
            "stderr": stderr.read().decode(),
        }


def main() -> None:
    for name in MODULES:
        # django-storages raises ImproperlyConfigured for a missing SDK.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(serve(line)), flush=True)  # noqa: T201 (its protocol)


if __name__ == "__main__":
    main()
