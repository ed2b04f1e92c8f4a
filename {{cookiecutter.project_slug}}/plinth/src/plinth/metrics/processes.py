"""Metrics of several processes, which count in files of one folder.

It is prometheus_client's multiprocess mode, with files named after the slot of a process
instead of its number. A successor takes the slot over: counters never go down, and there
are never more files than processes.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

# prometheus_client's variable: each process counts for itself without it.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

# In the names of this process's files.
name = "main"


def new_folder(within: str | None = None) -> str:
    """Return a path that nobody can guess; `open_folder` makes the folder."""
    return f"{within or tempfile.gettempdir()}/metrics-{secrets.token_hex(8)}"


def open_folder() -> None:
    """Count in the folder from now on, where there is one: call it before all metrics."""
    if folder := os.environ.get(FOLDER):
        from prometheus_client import values

        Path(folder).mkdir(mode=0o700, exist_ok=True)
        values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]


def enter(slot: object) -> None:
    """Count in the files of a slot from now on: call it in a new process."""
    global name  # noqa: PLW0603
    name = f"{os.getppid()}-{slot}"


def leave(slot: object) -> None:
    """Delete the gauges of a child, which has exited."""
    for file in Path(os.environ[FOLDER]).glob(f"gauge_live*_{os.getpid()}-{slot}.db"):
        file.unlink()


def delete() -> None:
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
