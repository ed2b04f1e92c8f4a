"""Running what proves the practices: tests, in one run of pytest for all of them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

from django.conf import settings
from django.core.management import CommandError

from .ledger import Practice


@dataclass(frozen=True)
class Proof:
    passed: bool
    # What its tests took, one after the other.
    seconds: float


def prove(practices: list[Practice], jobs: int) -> dict[Practice, Proof]:
    """Run the tests that prove these, so many at a time; they print to standard error.

    One that proves several practices runs once. Tests choose their own settings, so that
    a proof says the same everywhere. Raises CommandError where pytest can run none.
    """
    named = {node for practice in practices for node in practice.proof.split()}
    # A file's tests are run with the file: pytest would run them again.
    nodes = {n for n in named if "::" not in n or n.partition("::")[0] not in named}
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(  # noqa: S603 (the ledger's own tests)
            [
                *(sys.executable, "-m", "pytest", "-q", "--no-header"),
                # One is this process: it need not be started.
                f"--numprocesses={jobs if jobs > 1 else 0}",
                *(f"--junitxml={report}", *sorted(nodes)),
            ],
            cwd=settings.BASE_DIR,
            # A test may have called this, and told its own pytest what to do.
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
            stdout=sys.stderr,
            check=False,
        )
        # Tests passed, or failed; what else there is, is no answer.
        if done.returncode not in (0, 1):
            raise CommandError("The proofs were not run: pytest says why.")
        cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 (ours)
    return {practice: verdict(practice, cases) for practice in practices}


def verdict(practice: Practice, cases: list[ET.Element]) -> Proof:
    """Judge by its tests: all were run, none fails, and one at least is not skipped."""
    nodes = practice.proof.split()
    found = [case for case in cases if any(is_of(case, node) for node in nodes)]
    outcomes = [{child.tag for child in case} for case in found]
    return Proof(
        # Of a file that cannot be read there is no case, and other files are run.
        passed=all(any(is_of(case, node) for case in found) for node in nodes)
        and any("skipped" not in outcome for outcome in outcomes)
        and not any(outcome & {"failure", "error"} for outcome in outcomes),
        seconds=sum(float(case.attrib["time"]) for case in found),
    )


def is_of(case: ET.Element, node: str) -> bool:
    """Whether a case of the report is of this file or test."""
    path, _, test = node.partition("::")
    module = path.removesuffix(".py").replace("/", ".")
    name = case.attrib["name"].partition("[")[0]
    return case.attrib["classname"] == module and test in ("", name)
