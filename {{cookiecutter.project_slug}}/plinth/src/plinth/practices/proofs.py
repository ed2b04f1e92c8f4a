"""Proofs of the practices: marked tests, run by pytest."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from .practice import Practice

# Where marked tests are, from the project's root.
SUITES = ("tests", "plinth/plinth_tests")
# Found in the source too: a file that can't be imported has no tests, but has marks.
MARK = re.compile(r"\bmark\.practice\(([\d,\s]+)\)")


@dataclass(frozen=True)
class Proof:
    """What the tests of a practice showed.

    A practice is proven when one of its tests passed, none failed, and every file with its
    mark could be imported. Tests that are skipped prove nothing.
    """

    # Node ids, and "passed", "failed" or "skipped".
    tests: dict[str, str]
    # Of all its tests, one after the other.
    seconds: float = 0
    # Why it is not proven, or "".
    failure: str = ""

    @property
    def is_proven(self) -> bool:
        return not self.failure


def prove(practices: list[Practice], jobs: int) -> dict[Practice, Proof]:
    """Run the proofs of practices in one run of pytest, which prints to standard error.

    `jobs` is how many tests run at a time. Tests choose their own settings, so a proof
    gives the same result in every environment. Raises CommandError where pytest can't run.
    """
    wanted = {practice.number for practice in practices}
    marked = {path: numbers & wanted for path, numbers in marked_files().items()}
    files = sorted(path for path, numbers in marked.items() if numbers)
    if not files:
        return {practice: judge(practice, {}, {}, marked) for practice in practices}
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        numbers = ",".join(map(str, sorted(wanted)))
        done = subprocess.run(  # noqa: S603 (the project's own tests)
            [
                *(sys.executable, "-m", "pytest", "-qq", "-rfE"),
                *("--config-file=pyproject.toml", "--rootdir=."),
                *("-o", "console_output_style=classic"),
                "--continue-on-collection-errors",
                *("-p", "plinth.practices.pytest_plugin"),
                *(f"--practices={numbers}", f"--practices-report={report}"),
                # One is this process: it need not be started.
                *(f"--numprocesses={jobs if jobs > 1 else 0}", "--dist=worksteal"),
                *files,
            ],
            cwd=settings.BASE_DIR,
            # pyproject.toml configures pytest and chooses settings, not who calls this.
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("PYTEST_", "DJANGO_SETTINGS_"))
            },
            stdout=sys.stderr,
            check=False,
        )
        # Tests passed, some failed, or none was selected.
        if done.returncode not in (0, 1, 5) or not report.exists():
            raise CommandError(
                f"The proofs did not end: pytest exited with {done.returncode}. Its "
                "message, if there is one, is above; -9 and -15 are signals."
            )
        found = json.loads(report.read_text())
    return {
        practice: judge(practice, found["tests"], found["broken"], marked)
        for practice in practices
    }


def marked_files() -> dict[str, set[int]]:
    """Return the test files with marks, and the practices that each names."""
    paths = [
        path
        for suite in SUITES
        for path in sorted((settings.BASE_DIR / suite).rglob("test_*.py"))
    ]
    return {
        os.path.relpath(path, settings.BASE_DIR): {
            int(number)
            for mark in MARK.findall(path.read_text())
            for number in re.findall(r"\d+", mark)
        }
        for path in paths
    }


def judge(
    practice: Practice,
    tests: dict[str, Any],
    broken: dict[str, str],
    marked: dict[str, set[int]],
) -> Proof:
    number = practice.number
    mine = {node: test for node, test in tests.items() if number in test["practices"]}
    outcomes = {node: test["outcome"] for node, test in mine.items()}
    seconds = sum(test["seconds"] for test in mine.values())
    unread = [
        path
        for path, numbers in marked.items()
        if number in numbers and any(is_within(path, each) for each in broken)
    ]
    failed = [node for node, outcome in outcomes.items() if outcome == "failed"]
    failure = ""
    if unread:
        failure = f"{', '.join(unread)} could not be imported"
    elif failed:
        failure = f"{len(failed)} of {len(mine)} tests failed, {failed[0]} first"
    elif not mine:
        failure = f"no test is marked with @pytest.mark.practice({number})"
    elif "passed" not in outcomes.values():
        reasons = {test["reason"] for test in mine.values()}
        failure = f"all its tests are skipped: {', '.join(sorted(reasons))}"
    return Proof(outcomes, seconds, failure)


def is_within(path: str, place: str) -> bool:
    """Whether a test file is this file, or in this folder."""
    return place in ("", ".") or path == place or path.startswith(f"{place}/")
