"""Running what proves a practice."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from .ledger import Practice


@dataclass(frozen=True)
class Proof:
    practice: Practice
    passed: bool
    seconds: float
    output: str


def command(proof: str) -> list[str]:
    """The words of a proof's command: pytest for a node, else a tool beside Python.

    Tests choose their own settings, so that a proof says the same everywhere.
    """
    if proof.startswith("tests/"):
        return [sys.executable, "-m", "pytest", "-q", "--no-header", *proof.split()]
    tool, *arguments = proof.split()
    return [str(Path(sys.executable).with_name(tool)), *arguments]


def run(practice: Practice) -> Proof:
    start = time.perf_counter()
    try:
        done = subprocess.run(  # noqa: S603 (the ledger's own commands)
            command(practice.proof),
            cwd=settings.BASE_DIR,
            # To pytest-django, a test database of its own.
            env=os.environ | {"TOX_PARALLEL_ENV": f"practice_{practice.number}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        passed, output = False, str(error)
    else:
        passed, output = done.returncode == 0, done.stdout
    return Proof(practice, passed, time.perf_counter() - start, output)


def prove(practices: list[Practice], jobs: int) -> Iterator[Proof]:
    """Run the proofs, so many at a time, and yield them in the order of the practices."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, practices)
