"""Running what proves a practice."""

import subprocess
import sys
import time
from collections.abc import Iterator
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


def prove(practices: list[Practice]) -> Iterator[Proof]:
    """Run the proofs one after another: they share the caches of their tools."""
    for practice in practices:
        start = time.perf_counter()
        try:
            done = subprocess.run(  # noqa: S603 (the ledger's own commands)
                command(practice.proof),
                cwd=settings.BASE_DIR,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        except OSError as error:
            passed, output = False, str(error)
        else:
            passed, output = done.returncode == 0, done.stdout
        yield Proof(practice, passed, time.perf_counter() - start, output)
