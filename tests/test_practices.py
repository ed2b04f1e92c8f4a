"""The proofs, proven: each practice of a baked project is broken once, and its proof fails.

What was not broken here counts as unproven, and is named at the end of the run.
"""

import json
import re
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.mutations import Mutation
from tests.support import DEFAULT, LEANEST, clean_environment, copy_of, run

MUTATIONS: list[Mutation] = [
    mutation
    for path in sorted(Path(__file__).with_name("mutations").glob("[!_]*.py"))
    for mutation in import_module(f"tests.mutations.{path.stem}").MUTATIONS
]
# Never fewer: raise it when a practice is added.
PROVEN = 60


@pytest.fixture(scope="session")
def ledger(install: Bake) -> dict[int, dict[str, object]]:
    output = run(
        *(".venv/bin/python", "manage.py", "practices", "--format=json"),
        cwd=install(**DEFAULT),
    )
    return {entry["number"]: entry for entry in json.loads(output)}


@pytest.mark.long
@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_every_proof_passes(install: Bake, answers: dict[str, object]) -> None:
    prove = (".venv/bin/python", "manage.py", "practices", "--prove")

    run(*prove, cwd=install(**answers))
    # What mypy keeps does not make them fail.
    run(*prove, "--number=45", cwd=install(**answers))


@pytest.mark.parametrize(
    "mutation", MUTATIONS, ids=lambda mutation: f"{mutation.practice}-{mutation.name}"
)
def test_a_broken_practice_fails_its_proof(
    install: Bake,
    ledger: dict[int, dict[str, object]],
    tmp_path: Path,
    mutation: Mutation,
) -> None:
    proof = str(ledger[mutation.practice]["proof"])
    copy = copy_of(install(**DEFAULT), tmp_path)

    mutation.change(copy)

    done = subprocess.run(
        [
            *(copy / ".venv/bin/python", "-m", "pytest", "-qx"),
            *(*proof.split(), "-k", mutation.red),
        ],
        cwd=copy,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # 1 says that tests failed: no other number counts.
    assert done.returncode == 1, done.stdout
    assert re.search(rf"::{mutation.red}\b", done.stdout), done.stdout


def test_no_practice_is_lost(
    ledger: dict[int, dict[str, object]],
    record_property: Callable[[str, object], None],
) -> None:
    built = {number for number, entry in ledger.items() if entry["proof"]}
    broken = {mutation.practice for mutation in MUTATIONS}
    titles = [f"{n} {ledger[n]['title']}" for n in sorted(built - broken)]

    record_property(
        "summary",
        f"{len(built & broken)} of {len(ledger)} practices proven; built, but never "
        f"broken here: {', '.join(titles) or 'none'}",
    )
    assert broken <= built
    assert len(built & broken) >= PROVEN
