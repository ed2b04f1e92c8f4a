"""The ledger, and the command that shows it: what is wrong takes nothing else down."""

import json
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from plinth.practices.ledger import LEDGER, Practice, faults, practices
from plinth.practices.states import Finding, State, off, on, stand_in
from plinth_tests.processes import COMPLETE, python

EXAMPLES = "plinth/plinth_tests/practices/examples.py"
PASSES, FAILS, SKIPPED = (
    f"{EXAMPLES}::test_{name}" for name in ("passes", "fails_once", "is_skipped")
)


def show(*arguments: str) -> str:
    out = StringIO()
    call_command("practices", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def refusal(*arguments: str) -> tuple[str, list[str]]:
    """Return what is printed all the same, and the lines that say why it failed."""
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("practices", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue(), str(refused.value).splitlines()


Replace = Callable[..., None]


@pytest.fixture(autouse=True)
def _developer(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Put another practice into the place of number 1, the first of its theme."""

    def replace(**entry: Any) -> None:
        another: dict[str, Any] = {
            "number": 1,
            "title": "Another",
            "how": "So.",
            "where": ("apps",),
        }
        practice = Practice(**another | entry)
        monkeypatch.setitem(LEDGER, "Caching", [practice, *LEDGER["Caching"][1:]])

    return replace


def test_there_are_73_practices_and_nothing_wrong_with_any() -> None:
    assert [practice.number for practice in practices()] == [*range(1, 74)]
    assert faults() == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"number": 2}, "practice 1 is in the ledger 0 times, not once"),
        ({"number": 74}, "practice 74 is none of the 73"),
        ({"where": ("no.py",)}, "practice 1 names a place that is not there: no.py"),
        (
            {"where": ("settings.NO",)},
            "practice 1 names a place that is not there: settings.NO",
        ),
        (
            {"proof": "tests/conftest.py::test_no"},
            "practice 1 names a proof that is not there: tests/conftest.py::test_no",
        ),
        (
            {"proof": PASSES, "how": ""},
            "practice 1 has a proof, but does not say how and where",
        ),
    ],
)
def test_a_broken_entry_is_one_line_and_the_table_is_printed(
    replace: Replace, entry: dict[str, Any], fault: str
) -> None:
    replace(**entry)

    table, lines = refusal()

    assert fault in lines
    assert "Docker for development" in table


def test_a_probe_that_raises_is_one_line_of_the_table(replace: Replace) -> None:
    def fail() -> Finding:
        raise KeyError("[red]")

    replace(proof=PASSES, probe=fail)

    table = show()

    assert "its probe failed: KeyError('[red]')" in " ".join(table.split())
    assert "Docker for development" in table


def test_an_unknown_number_is_one_line_and_the_others_are_shown() -> None:
    table, lines = refusal("--number=99", "--number=73")

    assert lines == ["there is no practice 99: they go to 73"]
    assert "Docker for development" in table
    assert "1 practices" in table


def test_the_command_tells_programs_everything(replace: Replace) -> None:
    replace(proof=PASSES, probe=lambda: on("it runs"))

    told = json.loads(show("--format=json"))

    assert len(told) == 73
    assert told[0] == {
        "number": 1,
        "title": "Another",
        "state": "on",
        "detail": "it runs",
        "how": "So.",
        "where": ["apps"],
        "proof": PASSES,
        "proven": None,
    }
    assert {entry["state"] for entry in told} <= set(State)


def test_one_can_see_what_is_off_alone(replace: Replace) -> None:
    replace(proof=PASSES, probe=lambda: off("gone: bring it back"))

    told = json.loads(show("--off", "--format=json"))

    assert "gone: bring it back" in [entry["detail"] for entry in told]
    assert {entry["state"] for entry in told} == {"off"}


def test_each_proof_is_judged_by_its_own_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    # The last has a file in which no test is found.
    untested = f"{PASSES} plinth/plinth_tests/practices/urls.py"
    proofs = [PASSES, f"{PASSES} {FAILS}", SKIPPED, EXAMPLES, untested]
    known = LEDGER["Caching"]
    others = [
        Practice(practice.number, "Another", how="So.", where=("apps",), proof=proof)
        for practice, proof in zip(known, proofs, strict=False)
    ]
    monkeypatch.setitem(LEDGER, "Caching", [*others, *known[len(others) :]])
    first, *rest = [practice.number for practice in others]

    table, lines = refusal(
        *(f"--number={number}" for number in (first, *rest)), "--prove", "--jobs=1"
    )

    assert re.findall(r"(passed|failed) 0\.\d s", table) == ["passed"] + 4 * ["failed"]
    assert lines == [f"the proof of practice {number} failed" for number in rest]


def test_several_tests_run_at_a_time(replace: Replace) -> None:
    replace(proof=f"{PASSES} {EXAMPLES}::test_is_run_by_one_of_two")

    (told,) = json.loads(show("--number=1", "--prove", "--jobs=2", "--format=json"))

    assert told["proven"] is True


def test_no_proof_at_a_time_is_refused() -> None:
    with pytest.raises(CommandError, match="--jobs: 0 is not a number from 1 up"):
        call_command("practices", "--prove", "--jobs=0")


def test_proofs_that_cannot_be_read_are_one_line(replace: Replace) -> None:
    replace(proof=f"{EXAMPLES}::test_is_not_there")

    _, lines = refusal("--number=1", "--prove", "--jobs=1")

    assert lines == ["The proofs were not run: pytest says why."]


def test_what_an_answer_left_out_is_neither_proven_nor_at_fault(
    replace: Replace,
) -> None:
    replace(proof=FAILS, where=("no.py",), needs="use_celery", absent=True)

    (told,) = json.loads(show("--number=1", "--prove", "--format=json"))

    assert told["state"] == "absent"
    assert told["proven"] is None


@pytest.mark.parametrize(("debug", "state"), [(True, "embedded"), (False, "off")])
def test_a_stand_in_serves_developers_alone(
    settings: Settings, debug: bool, state: str
) -> None:
    settings.DEBUG = debug

    assert stand_in("a variable") == Finding(State(state), "a variable")


def test_production_fails_with_a_line_for_each_practice_that_is_off() -> None:
    """A database in a file will do for a developer, and not for a server."""
    done = python("manage.py", "practices", **COMPLETE | {"DATABASE_URL": "sqlite://"})

    assert done.returncode == 1
    assert "practice 36 is off: SQLite serves" in done.stderr


def test_the_document_says_what_the_ledger_says() -> None:
    document = settings.BASE_DIR / "docs/practices.md"

    assert document.read_text() == show("--format=markdown"), (
        "manage.py practices --format markdown > docs/practices.md"
    )
