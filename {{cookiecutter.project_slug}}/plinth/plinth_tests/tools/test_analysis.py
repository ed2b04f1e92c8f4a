"""`make audit` and `make sonar`, with a uv that stands for the tools that they run."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from .commands import ROOT, plant, run

pytestmark = pytest.mark.practice(47)

type Make = Callable[..., CompletedProcess[str]]

# `uv export` succeeds, or fails without a lock; `uv tool run` is the tool.
UV = """#!/bin/sh
if [ "$1" = export ]; then
    test -z "$NO_LOCK" || { echo "error: Unable to find lockfile" >&2; exit 2; }
else
    echo "$@" >called
    printf '%s\\n' "$OUTPUT" >&2
    exit $CODE
fi
"""


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run a target as in an installed project; the tool ends with this code and output."""
    for name in ("Makefile", "plinth/project.mk", "plinth/celery.mk", "plinth/uv.mk"):
        plant(tmp_path, name, (ROOT / name).read_text())
    plant(tmp_path, "uv", UV).chmod(0o755)
    (tmp_path / ".venv").mkdir()
    command = shutil.which("make")
    assert command

    def make(
        target: str, code: int = 0, output: str = "", **variables: str
    ) -> CompletedProcess[str]:
        variables |= {"CODE": str(code), "OUTPUT": output, "PATH": os.environ["PATH"]}
        return run(
            *(command, "--silent", "--old-file=setup", target, f"UV={tmp_path / 'uv'}"),
            cwd=tmp_path,
            env=variables,
        )

    return make


@pytest.mark.parametrize(
    ("code", "output"),
    [
        (0, "No known vulnerabilities found"),
        (0, "No known vulnerabilities found, 1 ignored"),
        (1, "Found 2 known vulnerabilities in 1 package"),
    ],
)
def test_audit_ends_with_its_result(make: Make, code: int, output: str) -> None:
    done = make("audit", code, f"WARNING:pip_audit._cli:no hashes\n{output}")

    assert bool(done.returncode) == bool(code)
    assert done.stdout.splitlines()[0] == output
    assert "Nothing was audited" not in done.stdout


@pytest.mark.parametrize(
    ("code", "output", "reason"),
    [
        # An index or a vulnerability service without an answer
        (1, "Traceback\n  more\na.ConnectionError: refused", "a.ConnectionError: refused"),
        (2, "error: Request failed\n  cause: refused", "error: Request failed"),
        (1, "ERROR:pip_audit._cli:newt: not found", "ERROR:pip_audit._cli:newt: not found"),
        # A tool that ended too early
        (0, "", ""),
    ],
)  # fmt: skip
def test_audit_without_a_result_fails_with_one_line(
    make: Make, code: int, output: str, reason: str
) -> None:
    done = make("audit", code, output)

    line, *rest = done.stdout.splitlines()
    assert done.returncode
    assert line == f"Nothing was audited: {reason}"
    assert all(line.startswith("make: ***") for line in rest)


def test_audit_without_a_lock_fails(make: Make) -> None:
    done = make("audit", 0, "No known vulnerabilities found", NO_LOCK="yes")

    assert done.returncode
    assert done.stdout.startswith("error: Unable to find lockfile\n")
    assert "No known" not in done.stdout


def test_sonar_analyses_the_folders_of_the_project(make: Make, tmp_path: Path) -> None:
    done = make("sonar", SONAR_TOKEN="a-token")

    assert done.returncode == 0, done.stdout
    called = (tmp_path / "called").read_text()
    sent = dict(re.findall(r"-Dsonar\.(\S+?)=(\S+)", called))
    assert sent["projectKey"] == tmp_path.name
    sources = sent["sources"].split(",")
    assert {"apps", "config"} <= {*sources}
    # A file may not be both, and a folder that is missing stops the analysis.
    assert sent["tests"] not in sources
    assert [
        name for name in (*sources, sent["tests"]) if not (ROOT / name).is_dir()
    ] == []
    assert sent["qualitygate.wait"] == "true"


def test_sonar_fails_with_the_quality_gate(make: Make) -> None:
    assert make("sonar", 3, SONAR_TOKEN="a-token").returncode


def test_sonar_sends_nothing_without_a_token(make: Make, tmp_path: Path) -> None:
    done = make("sonar")

    assert done.returncode
    assert done.stdout.startswith(
        "Set SONAR_TOKEN to a token of the server at http://localhost:9000: "
    )
    assert not (tmp_path / "called").exists()
