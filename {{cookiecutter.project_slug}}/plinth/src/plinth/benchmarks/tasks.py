"""Benchmark of tasks per second, against an empty Celery project on the same broker.

`make bench` runs it if CELERY_BROKER_URL is set; with options:
`python -m plinth.benchmarks.tasks --rounds 9`. It uses queues of its own and deletes them
after each round. Rounds alternate between the rows, so that a busy machine slows all of
them alike: compare the rows of one run only. On Linux it also measures CPU time per task,
which depends least on other load.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .pages import natural
from .servers import cpu_seconds

# `make bench` runs in the project's folder.
PROJECT = Path.cwd()

# The task of all projects: it appends a byte to a file, whose size counts the tasks.
TASK = """

@app.task(name="plinth.benchmarks.mark")
def mark(file):
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b".")
    os.close(descriptor)
"""
OURS = "import os\n\nfrom plinth.tasks.app import app\n" + TASK
# Celery's defaults.
EMPTY = (
    "import os\n\nfrom celery import Celery\n\n"
    'app = Celery("empty", broker=os.environ["CELERY_BROKER_URL"])\n' + TASK
)
# The same with late acknowledgement: the cost of redelivery from a lost worker.
EMPTY_SAFE = EMPTY + (
    "\napp.conf.update(task_acks_late=True, worker_prefetch_multiplier=1,\n"
    '    task_ignore_result=True, task_default_queue_type="QUEUE")\n'
)
SEND = """
import {module} as project
with project.app.producer_or_acquire() as producer:
    for _ in range({count}):
        project.mark.apply_async(["{marks}"], queue="{queue}", producer=producer)
"""
DELETE = """
import {module} as project
with project.app.connection_for_write() as connection:
    connection.default_channel.queue_delete("{queue}")
    connection.default_channel.exchange_delete("{queue}")
"""
POOLS = ("prefork", "threads")


@contextmanager
def worker(folder: Path, module: str, pool: str, queue: str) -> Iterator[int]:
    """Run a worker; its process id."""
    command = [sys.executable, "-m", "celery", "--quiet", "--app", module, "worker"]
    options = [f"--pool={pool}", "--concurrency=2", f"--queues={queue}"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    log = (folder / "log").open("ab")
    with (
        log,
        subprocess.Popen(
            [*command, *options, f"--hostname={queue}@bench", *quiet],
            cwd=PROJECT,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


def environment(folder: Path) -> dict[str, str]:
    """Return variables with the log level of an empty Celery project."""
    path = os.pathsep.join([str(folder), str(PROJECT)])
    return os.environ | {"LOG_LEVEL": "WARNING", "PYTHONPATH": path}


@dataclass(frozen=True)
class Round:
    rate: float
    # CPU seconds per task; 0 where they are unknown.
    processor: float


def measure(folder: Path, module: str, pool: str, count: int) -> Round:
    """Measure how a worker empties a queue."""
    queue, marks = f"benchmark-{module}", folder / uuid.uuid4().hex
    marks.touch()
    run(folder, DELETE.format(module=module, queue=queue))
    run(folder, SEND.format(module=module, queue=queue, count=count, marks=marks))
    try:
        with worker(folder, module, pool, queue) as process:
            # Without the worker's start.
            begin = wait_for(marks, max(1, count // 10))
            before = cpu_seconds(process)
            end = wait_for(marks, count)
            used = cpu_seconds(process) - before
    finally:
        run(folder, DELETE.format(module=module, queue=queue))
    done = end[1] - begin[1]
    return Round(done / (end[0] - begin[0]), used / done)


def wait_for(marks: Path, size: int, seconds: float = 120) -> tuple[float, int]:
    """Wait until a file has this size; return the time and the size."""
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        if (found := marks.stat().st_size) >= size:
            return now, found
        time.sleep(0.002)
    sys.exit(f"The worker has not run {size} tasks within {seconds:.0f} s.")


def run(folder: Path, code: str) -> None:
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment(folder),
        check=True,
    )


def main() -> None:
    parser = ArgumentParser(
        prog="python -m plinth.benchmarks.tasks", description=__doc__
    )
    parser.add_argument("--rounds", type=natural, default=5)
    parser.add_argument("--tasks", type=natural, default=3_000, help="in each round")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    # The settings read .env, which may set the broker.
    from django.conf import settings

    if not getattr(settings, "CELERY_BROKER_URL", ""):
        sys.stdout.write("Skipped tasks: they need a broker, CELERY_BROKER_URL.\n")
        return
    os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL
    from plinth.tasks.app import app

    kind = app.conf.task_default_queue_type

    rows: dict[tuple[str, str], list[Round]] = {
        (name, pool): [] for pool in POOLS for name in ("empty", "empty_safe", "ours")
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ours.py").write_text(OURS)
        (folder / "empty.py").write_text(EMPTY)
        (folder / "empty_safe.py").write_text(EMPTY_SAFE.replace("QUEUE", kind))
        for _ in range(options.rounds):
            for (module, pool), rounds in rows.items():
                rounds.append(measure(folder, module, pool, options.tasks))
    report(rows, options.format)


def report(rows: dict[tuple[str, str], list[Round]], form: str) -> None:
    rates = {row: [each.rate for each in rounds] for row, rounds in rows.items()}
    processors = {
        row: statistics.median(each.processor for each in rounds)
        for row, rounds in rows.items()
    }
    titles = {
        "empty": "empty project",
        "empty_safe": "empty, acks_late",
        "ours": "this project",
    }
    found = [
        {
            "pool": pool,
            "project": titles[name],
            "tasks_per_second": round(statistics.median(rates[name, pool])),
            "slowest": round(min(rates[name, pool])),
            "fastest": round(max(rates[name, pool])),
            **{
                f"to_{other}": round(
                    statistics.median(rates[name, pool])
                    / statistics.median(rates[other, pool]),
                    2,
                )
                for other in ("empty", "empty_safe")
            },
            "processor_us": round(processors[name, pool] * 1e6),
        }
        for name, pool in rows
    ]
    if form == "json":
        sys.stdout.write(json.dumps(found) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("pool", "project"):
        table.add_column(heading)
    for heading in ("tasks/s", "slowest", "fastest", "/ empty", "/ late", "CPU µs"):
        table.add_column(heading, justify="right")
    for row in found:
        table.add_row(*map(str, row.values()))
    console = Console()
    console.print(table)
    console.print(
        "\ntasks/s: median of the rounds; divided by the empty project's, and by that of\n"
        f"the empty project with late acknowledgement. {os.cpu_count()} CPUs.",
        highlight=False,
    )


if __name__ == "__main__":
    main()
