"""The proofs, proven: each practice of a baked project is broken, and its test fails.

A practice that is not broken here counts as unproven; the end of the run names it.
"""

import ast
import json
import re
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.forks import Forks
from tests.mutations import Mutation
from tests.support import DEFAULT, LEANEST, copy_of, run
from tests.test_project import PAIRS

MUTATIONS: list[Mutation] = [
    mutation
    for path in sorted(Path(__file__).with_name("mutations").glob("[!_]*.py"))
    for mutation in import_module(f"tests.mutations.{path.stem}").MUTATIONS
]
# `make test` breaks each practice once, in this way; `make mutations` in all others, which takes
# five times as long.
FIRST = {mutation.practice: mutation for mutation in reversed(MUTATIONS)}
# Raise it when a practice is added.
PROVEN = 73
# Practices of deploy/, whose proofs take a third of the time of all.
OF_DEPLOYMENT = {33, 42, 50, 54, 62, 63}
# Of the run of a broken practice's test.
OPTIONS = ("-qx", "-pno:cacheprovider")

type Proofs = dict[int, dict[str, list[str]]]


@pytest.mark.long
def test_proofs_of_the_leanest_pass(install: Bake) -> None:
    """But those of deployment, which are below; the default's are in test_everyday.py."""
    numbers = " ".join(f"--number {it}" for it in {*FIRST} - OF_DEPLOYMENT)

    output = run("make", "prove", f"ARGS={numbers}", cwd=install(**LEANEST))

    assert re.search(r"(\d+) of \1 proven", output)


@pytest.mark.scale
def test_every_proof_of_the_leanest_passes(install: Bake) -> None:
    run("make", "prove", cwd=install(**LEANEST))


def test_proofs_pass_with_other_providers(install: Bake) -> None:
    """Another bucket and error tracker: the practices that know them, and every import."""
    project = install(media_storage="gcs", error_tracking="newrelic")
    numbers = " ".join(f"--number {number}" for number in (22, 51, 53, 56))

    output = run("make", "prove", f"ARGS={numbers}", cwd=project)

    assert "4 of 4 proven" in output
    run(".venv/bin/pytest", "--collect-only", "-q", "plinth/plinth_tests", cwd=project)


@pytest.mark.parametrize(
    ("deploy", "absent"),
    [("systemd", set()), ("kubernetes", {54, 62}), ("none", {33, 50, 54, 62})],
)
def test_proofs_of_deployment_pass_or_are_absent(
    install: Bake, deploy: str, absent: set[int]
) -> None:
    """In a project that test_project installs too."""
    project = install(**next(it for it in PAIRS if it.get("deploy") == deploy))
    numbers = " ".join(f"--number {number}" for number in sorted(OF_DEPLOYMENT))

    output = run("make", "prove", f"ARGS={numbers}", cwd=project)

    left = len(OF_DEPLOYMENT - absent)
    assert f"{left} of {left} proven" in output
    python = project / ".venv/bin/python"
    ledger = json.loads(
        run(python, "manage.py", "practices", "--format=json", cwd=project)
    )
    found = {it["number"] for it in ledger if it["detail"].startswith("not here: ")}
    assert found == absent
    here = [it for it in ledger if it["state"] != "absent"]
    assert not [it["missing"] for it in here if it["missing"]]


@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_new_project_has_nothing_to_report(
    install: Bake, answers: dict[str, object]
) -> None:
    """No note of taste, no lint, and no registered file that is missing."""
    python, project = ".venv/bin/python", install(**answers)
    ledger = json.loads(
        run(python, "manage.py", "practices", "--format=json", cwd=project)
    )

    assert "no issues" in run(python, "manage.py", "check", cwd=project)
    modules = [str(path) for path in (project / "apps").rglob("*.py")]
    run(python, "-m", "plinth.practices.lint", *modules, cwd=project)
    here = [entry for entry in ledger if entry["state"] != "absent"]
    assert {
        entry["number"]: entry["missing"] for entry in here if entry["missing"]
    } == {}


@pytest.fixture(scope="session")
def proofs(install: Bake) -> Proofs:
    """By practice and by name, the tests that are marked with it."""
    project = install(**DEFAULT)
    found: Proofs = {}
    for folder in ("tests", "plinth/plinth_tests"):
        for path in (project / folder).rglob("test_*.py"):
            module = ast.parse(path.read_text())
            marked = [n for n in module.body if "pytestmark" in ast.unparse(n)]
            for test in ast.walk(module):
                if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                    for number in practices(*marked, *test.decorator_list):
                        nodes = found.setdefault(number, {}).setdefault(test.name, [])
                        nodes.append(f"{path.relative_to(project)}::{test.name}")
    return found


def practices(*marks: ast.AST) -> Iterator[int]:
    """The practices in `pytest.mark.practice(3, 14)`, alone or in a list."""
    for call in (node for mark in marks for node in ast.walk(mark)):
        match call:
            case ast.Call(ast.Attribute(attr="practice"), numbers):
                yield from map(ast.literal_eval, numbers)


@pytest.fixture(scope="session")
def copy(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project for this process to break and repair."""
    return copy_of(install(**DEFAULT), tmp_path_factory.mktemp("broken"))


@pytest.fixture(scope="session")
def forks(copy: Path) -> Iterator[Forks]:
    forks = Forks(copy)
    yield forks
    forks.close()


@pytest.fixture
def breakable(install: Bake, copy: Path) -> Iterator[Path]:
    """The copy, repaired afterwards, with the files' times: compiled files stay valid."""
    yield copy
    repair(copy, install(**DEFAULT))


def repair(copy: Path, project: Path) -> bool:
    """Restore what was changed in a copy; return whether anything was."""
    status = ("git", "status", "--porcelain", "-z", "--untracked-files=all")
    lines = run(*status, "--no-renames", cwd=copy).split("\0")
    for path in filter(None, (line[3:] for line in lines)):
        if (project / path).is_file():
            shutil.copy2(project / path, copy / path)
        else:
            (copy / path).unlink()
    return lines != [""]


@pytest.mark.parametrize(
    "mutation",
    [
        pytest.param(
            it,
            marks=[] if it is FIRST[it.practice] else [pytest.mark.mutation],
            id=f"{it.practice}-{it.name}",
        )
        for it in MUTATIONS
    ],
)
def test_broken_practice_fails_its_test(
    breakable: Path, forks: Forks, proofs: Proofs, mutation: Mutation
) -> None:
    mutation.change(breakable)

    tests = proofs[mutation.practice][mutation.red]
    code, output = forks.pytest(*OPTIONS, *tests)
    # 1 is the code for failed tests; an error of collection is not a failed test.
    assert code == 1, output
    assert re.search(rf"::{mutation.red}\b", output), output


@pytest.mark.scale
def test_proofs_pass_in_forks_unbroken(
    breakable: Path, forks: Forks, proofs: Proofs
) -> None:
    """Otherwise a broken practice would not be why its test fails there."""
    for number, name in sorted({(it.practice, it.red) for it in MUTATIONS}):
        code, output = forks.pytest(*OPTIONS, *proofs[number][name])
        assert code == 0, output


def test_every_mutation_has_a_marked_test(proofs: Proofs) -> None:
    unmarked = [m for m in MUTATIONS if m.red not in proofs.get(m.practice, {})]
    assert not unmarked


def test_every_mutation_finds_what_it_changes(breakable: Path, install: Bake) -> None:
    for mutation in MUTATIONS:
        mutation.change(breakable)
        assert repair(breakable, install(**DEFAULT)), mutation


def test_no_practice_is_lost(
    install: Bake,
    proofs: Proofs,
    record_property: Callable[[str, object], None],
) -> None:
    output = run(
        *(".venv/bin/python", "manage.py", "practices", "--format=json"),
        cwd=install(**DEFAULT),
    )
    titles = {entry["number"]: entry["title"] for entry in json.loads(output)}
    broken = {mutation.practice for mutation in MUTATIONS}
    left = [f"{n} {titles[n]}" for n in sorted(proofs.keys() - broken)]

    record_property(
        "summary",
        f"{len(broken)} of {len(titles)} practices proven by {len(MUTATIONS)} "
        f"mutations; marked, but never broken here: {', '.join(left) or 'none'}",
    )
    assert proofs.keys() <= titles.keys()
    assert len(broken) >= PROVEN
