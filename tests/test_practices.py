"""The proofs, proven: each practice of a baked project is broken once, and its proof fails.

What was not broken here counts as unproven, and is named at the end of the run.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.mutations import Mutation, catalog, files, running, structure, tools
from tests.support import DEFAULT, LEANEST, clean_environment, run

MUTATIONS = [
    *tools.MUTATIONS,
    *running.MUTATIONS,
    *structure.MUTATIONS,
    *catalog.MUTATIONS,
    *files.MUTATIONS,
]
# Never fewer: raise it when a practice is added.
PROVEN = 49


def ledger(project: Path, *arguments: str) -> dict[int, dict[str, object]]:
    output = run(
        *(".venv/bin/python", "manage.py", "practices", "--format=json", *arguments),
        cwd=project,
    )
    return {entry["number"]: entry for entry in json.loads(output)}


@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_every_proof_passes(install: Bake, answers: dict[str, object]) -> None:
    run(
        *(".venv/bin/python", "manage.py", "practices", "--prove"),
        cwd=install(**answers),
    )


@pytest.mark.parametrize(
    "mutation", MUTATIONS, ids=lambda mutation: f"{mutation.practice}-{mutation.name}"
)
def test_a_broken_practice_fails_its_proof(
    install: Bake, tmp_path: Path, mutation: Mutation
) -> None:
    project = install(**DEFAULT)
    proof = str(
        ledger(project, f"--number={mutation.practice}")[mutation.practice]["proof"]
    )
    copy = tmp_path / project.name
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".venv", "*.sqlite3*"))
    (copy / ".venv").symlink_to(project / ".venv")

    mutation.change(copy)

    of_pytest = proof.startswith("tests/")
    command = f"python -m pytest -q {proof}" if of_pytest else proof
    done = subprocess.run(
        [copy / ".venv" / "bin" / command.split()[0], *command.split()[1:]],
        cwd=copy,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Of pytest, 1 says that tests failed: no other number counts.
    assert done.returncode == 1 if of_pytest else done.returncode, done.stdout


def test_no_practice_is_lost(
    install: Bake, record_property: Callable[[str, object], None]
) -> None:
    entries = ledger(install(**DEFAULT))
    built = {number for number, entry in entries.items() if entry["proof"]}
    broken = {mutation.practice for mutation in MUTATIONS}
    titles = [f"{n} {entries[n]['title']}" for n in sorted(built - broken)]

    record_property(
        "summary",
        f"{len(built & broken)} of {len(entries)} practices proven; built, but never "
        f"broken here: {', '.join(titles) or 'none'}",
    )
    assert broken <= built
    assert len(built & broken) >= PROVEN
