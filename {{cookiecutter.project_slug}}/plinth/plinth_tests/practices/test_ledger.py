"""The ledger and `manage.py practices`: one error hides nothing else."""

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from plinth import extras
from plinth.practices import proofs
from plinth.practices.ledger import LEDGER, errors, practices
from plinth.practices.practice import Practice
from plinth.practices.states import Finding, State, embedded, off, on
from plinth_tests.processes import COMPLETE, python

PYPROJECT = """
[tool.pytest]
addopts = ["-ra"]
strict = true
markers = ["practice(*numbers): proves these practices"]
"""
# Tests for the command to run, and why each practice is not proven.
PLANTED = {
    "test_good.py": """
import pytest

@pytest.mark.practice(3, 4)
def test_passes() -> None:
    pass

@pytest.mark.practice(5)
@pytest.mark.parametrize("number", [1, 2])
def test_fails_once(number: int) -> None:
    assert number == 1

@pytest.mark.practice(14)
def test_is_skipped() -> None:
    pytest.skip("no server")

@pytest.mark.practice(4)
@pytest.mark.skip("not here")
def test_is_skipped_too() -> None:
    pass

@pytest.fixture
def broken() -> None:
    raise RuntimeError

@pytest.mark.practice(15)
def test_has_a_broken_fixture(broken: None) -> None:
    pass

@pytest.mark.practice(16)
def test_passes_beside_a_broken_file() -> None:
    pass

@pytest.mark.practice(28)
def test_has_a_broken_part(subtests: pytest.Subtests) -> None:
    with subtests.test("first"):
        assert False
""",
    "test_import.py": """
import pytest
import no_such_module

pytestmark = pytest.mark.practice(16)

def test_is_never_run() -> None:
    pass
""",
    "test_syntax.py": """
@pytest.mark.practice(22)
def test_is_never_run(:
""",
}
FAILURES = {
    3: "",
    4: "",
    5: r"1 of 2 tests failed, tests/test_good\.py::test_fails_once\[2\] first",
    14: r"all its tests are skipped: no server",
    15: r"1 of 1 tests failed, tests/test_good\.py::test_has_a_broken_fixture first",
    16: r"tests/test_import\.py could not be imported",
    22: r"tests/test_syntax\.py could not be imported",
    28: r"1 of 1 tests failed, tests/test_good\.py::test_has_a_broken_part first",
    34: r"no test is marked with @pytest\.mark\.practice\(34\)",
}
NUMBERS = [f"--number={number}" for number in FAILURES]


def show(*arguments: str) -> str:
    out = StringIO()
    call_command("practices", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def fail(*arguments: str) -> tuple[str, list[str]]:
    """Return the output of a command that fails, and the lines of its error."""
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("practices", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue(), str(failed.value).splitlines()


Replace = Callable[..., None]


@pytest.fixture(autouse=True)
def _developer(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Put another practice in the place of number 3."""

    def replace(**entry: Any) -> None:
        defaults: dict[str, Any] = {
            "number": 3,
            "title": "Another",
            "how": "So.",
            "where": ("plinth",),
        }
        group = [each for each in LEDGER["Caching"] if each.number != 3]
        practice = Practice(**defaults | entry)
        monkeypatch.setitem(LEDGER, "Caching", [practice, *group])

    return replace


@pytest.fixture
def suite(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite of a project that has nothing else: its ledger misses no file."""
    settings.BASE_DIR = tmp_path
    monkeypatch.setattr("plinth.practices.practice.is_checkout", lambda: False)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    suite = tmp_path / "tests"
    suite.mkdir()
    for name, code in PLANTED.items():
        (suite / name).write_text(code)
    return suite


# The entries


def test_ledger_has_73_practices_without_errors() -> None:
    assert [practice.number for practice in practices()] == [*range(1, 74)]
    assert errors() == []
    for group in LEDGER.values():
        numbers = [practice.number for practice in group]
        assert numbers == sorted(numbers)


def test_unbuilt_practices_are_planned_and_no_other_is() -> None:
    planned = {p.number for p in practices() if p.how.startswith("Planned: ")}

    assert planned == {p.number for p in practices() if not p.is_built}


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"number": 4}, "practice 3 is in the ledger 0 times, not once"),
        ({"number": 74}, "practice 74 is not one of the 73"),
        (
            {"where": ("plinth", "plinth/no.py")},
            "practice 3 names a missing place: plinth/no.py",
        ),
        (
            {"where": ("plinth", "settings.NO")},
            "practice 3 names a missing place: settings.NO",
        ),
    ],
)
def test_broken_entry_is_one_line_and_the_table_is_printed(
    replace: Replace, entry: dict[str, Any], error: str
) -> None:
    replace(**entry)

    table, lines = fail()

    assert error in lines
    assert "Docker for development" in table


def test_deleted_file_of_the_owner_is_shown_and_is_no_error(replace: Replace) -> None:
    replace(where=("plinth", "docs/deleted.md"))

    (told,) = json.loads(show("--number=3", "--format=json"))

    assert told["state"] == "on"
    assert told["missing"] == ["docs/deleted.md"]


def test_practice_without_any_of_its_files_is_absent(replace: Replace) -> None:
    replace(where=("docs/deleted.md", "deploy/no/site.conf", "settings.DEBUG"))

    (told,) = json.loads(show("--number=3", "--prove", "--format=json"))

    assert told["state"] == "absent"
    assert told["detail"] == "not here: docs/deleted.md"
    assert told["proven"] is None


def test_files_of_another_deployment_are_not_missing(replace: Replace) -> None:
    replace(where=("plinth", "deploy/no/site.conf"))

    (told,) = json.loads(show("--number=3", "--format=json"))

    assert (told["where"], told["missing"]) == (["plinth"], [])

    replace(where=("deploy/no/site.conf", "deploy/never/site.yaml"))

    (told,) = json.loads(show("--number=3", "--format=json"))

    assert told["state"] == "absent"
    assert told["detail"] == "not here: deploy/never/site.yaml, deploy/no/site.conf"


def test_image_without_tests_and_documents_misses_nothing(
    replace: Replace, settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    replace(where=("docs/deleted.md",))

    (told,) = json.loads(show("--number=3", "--format=json"))

    assert told["state"] == "on"
    assert told["missing"] == []


def test_missing_extra_is_named(
    replace: Replace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(extras.MODULES, "one", ["no_such"])
    monkeypatch.setitem(extras.MODULES, "two", ["no.such"])
    replace(where=("plinth/no.py",), extras=("one", "two"))

    (told,) = json.loads(show("--number=3", "--prove", "--format=json"))

    assert told["state"] == "absent"
    assert told["detail"].startswith(
        "install the extra: django-plinth[one] or django-plinth[two]"
    )
    assert told["proven"] is None


def test_app_registers_where_it_shows_a_practice(
    replace: Replace, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(where=(), by_apps=True)

    (told,) = json.loads(show("--number=3", "--prove", "--format=json"))
    assert told["state"] == "absent"
    assert 'practices = {3: ("apps/shop/views.py",)}' in told["detail"]
    assert "@pytest.mark.practice(3)" in told["detail"]
    assert told["proven"] is None

    accounts = apps.get_app_config("accounts")
    registered = {3: ("apps/accounts/models.py",), 99: ("apps/accounts/urls.py",)}
    monkeypatch.setattr(accounts, "practices", registered, raising=False)
    table, lines = fail("--number=3", "--format=json")
    (told,) = json.loads(table)
    assert told["state"] == "on"
    assert told["where"] == ["apps/accounts/models.py"]
    assert lines == ["apps.accounts registers practice 99, which is not one of the 73"]


# The command


def test_probe_that_raises_is_one_line_of_the_table(replace: Replace) -> None:
    def probe() -> Finding:
        raise KeyError("[red]")

    replace(probe=probe)

    table = show()

    assert "its probe failed: KeyError('[red]')" in " ".join(table.split())
    assert "Docker for development" in table


def test_unknown_number_is_one_line_and_the_others_are_shown() -> None:
    table, lines = fail("--number=99", "--number=73")

    assert lines == ["there is no practice 99: the last is 73"]
    assert "Docker for development" in table
    assert "1 practices" in table


def test_json_has_everything(replace: Replace) -> None:
    replace(probe=lambda: on("it runs"))

    told = json.loads(show("--format=json"))

    assert len(told) == 73
    assert told[2] == {
        "number": 3,
        "title": "Another",
        "state": "on",
        "detail": "it runs",
        "how": "So.",
        "where": ["plinth"],
        "missing": [],
        "proven": None,
        "failure": None,
        "tests": None,
    }
    assert {entry["state"] for entry in told} <= set(State)


def test_off_shows_only_what_is_off(replace: Replace) -> None:
    replace(probe=lambda: off("gone: bring it back"))

    told = json.loads(show("--off", "--format=json"))

    assert "gone: bring it back" in [entry["detail"] for entry in told]
    assert {entry["state"] for entry in told} == {"off"}


@pytest.mark.parametrize(("debug", "state"), [(True, "embedded"), (False, "off")])
def test_embedded_part_is_for_development_only(
    settings: Settings, debug: bool, state: str
) -> None:
    settings.DEBUG = debug

    assert embedded("a variable") == Finding(State(state), "a variable")


def test_production_fails_with_a_line_for_each_practice_that_is_off() -> None:
    done = python("manage.py", "practices", **COMPLETE | {"DATABASE_URL": "sqlite://"})

    assert done.returncode == 1
    assert "practice 36 is off: SQLite is used" in done.stderr


def test_document_is_the_ledger() -> None:
    document = settings.BASE_DIR / "plinth/PRACTICES.md"

    assert document.read_text() == show("--format=markdown"), (
        "manage.py practices --format markdown > plinth/PRACTICES.md"
    )


# Proofs


@pytest.mark.parametrize("jobs", [1, 2])
def test_practice_is_proven_by_its_own_tests(suite: Path, jobs: int) -> None:
    output, lines = fail(*NUMBERS, "--prove", f"--jobs={jobs}", "--format=json")

    told = {entry["number"]: entry for entry in json.loads(output)}
    assert told.keys() == FAILURES.keys()
    for number, failure in FAILURES.items():
        assert re.fullmatch(failure, told[number]["failure"]), number
        assert told[number]["proven"] is (failure == "")
    assert [line.partition(" is not proven: ")[0] for line in lines] == [
        f"practice {number}" for number, failure in FAILURES.items() if failure
    ]
    outcomes = {node.rpartition("::")[2]: o for node, o in told[4]["tests"].items()}
    assert outcomes == {"test_passes": "passed", "test_is_skipped_too": "skipped"}


def test_proofs_are_counted_while_they_run(
    suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    numbers = [4, 5, 14, 15, 16, 22, 28, 34, 36, 37, 39]
    for planted in suite.iterdir():
        planted.unlink()
    (suite / "test_all.py").write_text(
        "import pytest\n\n"
        f"@pytest.mark.practice{tuple(numbers)}\n"
        "def test_all() -> None: pass\n"
    )

    output = show(*(f"--number={n}" for n in numbers), "--prove", "--jobs=1")

    assert capfd.readouterr().err.strip() == "11 of 11 proven"
    assert re.search(r"\n11 of 11 proven in \d+ s\n$", output)


def test_other_practices_are_not_run(suite: Path) -> None:
    (told,) = json.loads(show("--number=3", "--prove", "--jobs=1", "--format=json"))

    assert len(told["tests"]) == 1


def test_pytest_that_cannot_run_is_one_line(suite: Path) -> None:
    (suite / "conftest.py").write_text("import no_such_module\n")

    _, lines = fail("--number=3", "--prove", "--jobs=1")

    assert len(lines) == 1
    assert lines[0].startswith("The proofs did not end: pytest exited with 4.")


def test_less_than_one_job_is_refused() -> None:
    with pytest.raises(CommandError, match="--jobs: 0 is not a number from 1 up"):
        call_command("practices", "--prove", "--jobs=0")


def test_every_built_practice_has_a_marked_test() -> None:
    marked = set().union(*proofs.marked_files().values())
    here = {p.number for p in practices() if p.is_built and not p.absence}

    assert here - marked == set()
