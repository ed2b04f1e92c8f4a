import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any, cast

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.server.resources import cpus

if TYPE_CHECKING:
    from plinth.practices.practice import Practice
    from plinth.practices.proofs import Proof
    from plinth.practices.states import Finding

    type Findings = dict[Practice, Finding]
    type Proofs = dict[Practice, Proof]


class Command(BaseCommand):
    help = (
        "Show the 73 practices and the state of each in this environment, or run their "
        "proofs. Exits with 1 when a practice is not proven, or is off without DEBUG."
    )
    # The system checks would report the same.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--number", type=int, action="append", help="only this practice; repeatable"
        )
        parser.add_argument(
            "--off", action="store_true", help="only practices that are off"
        )
        parser.add_argument(
            "--format",
            choices=["table", "json", "markdown"],
            default="table",
            help="markdown: the whole list, without states (plinth/PRACTICES.md)",
        )
        parser.add_argument(
            "--prove",
            action="store_true",
            help="run the tests with their marks, and show which practices are proven",
        )
        parser.add_argument(
            "--jobs",
            type=at_least_one,
            default=cpus(),
            help="how many tests run at a time (default: the number of CPUs, %(default)s)",
        )

    def handle(self, **options: Any) -> None:
        if not apps.is_installed("plinth.practices"):
            self.stdout.write(
                "There is no list of practices: plinth.practices is not installed."
            )
            return
        # Another project's INSTALLED_APPS may lack it: import nothing of it before.
        from plinth.practices.ledger import LAST, practices
        from plinth.practices.states import State

        numbers = options["number"] or range(1, LAST + 1)
        findings = {p: p.find() for p in practices() if p.number in numbers}
        if options["off"]:
            findings = {p: f for p, f in findings.items() if f.state is State.OFF}
        start = time.monotonic()
        proofs = self.prove(list(findings), options["jobs"]) if options["prove"] else {}
        seconds = time.monotonic() - start
        match options["format"]:
            case "json":
                self.stdout.write(as_json(findings, proofs))
            case "markdown":
                self.stdout.write(as_markdown(), ending="")
            case _:
                self.print_table(findings, proofs)
                if options["prove"]:
                    proven = sum(proof.is_proven for proof in proofs.values())
                    self.stdout.write(
                        f"{proven} of {len(proofs)} proven in {seconds:.0f} s"
                    )
        self.fail([n for n in numbers if n not in range(1, LAST + 1)], findings, proofs)

    def prove(self, chosen: "list[Practice]", jobs: int) -> "Proofs":
        if not find_spec("pytest"):
            raise CommandError("Proofs need the test tools: run `make prove`.")
        from plinth.practices.proofs import prove

        provable = [p for p in chosen if p.is_built and not p.absence]
        return prove(provable, jobs) if provable else {}

    def print_table(self, findings: "Findings", proofs: "Proofs") -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        from plinth.practices.states import State

        colours = {State.ON: "green", State.EMBEDDED: "cyan", State.OFF: "red"}
        table = Table("No", "Practice", "State", "Detail", box=None, pad_edge=False)
        if proofs:
            table.add_column("Proof")
        for practice, finding in findings.items():
            # As Text, so that brackets in a detail are not taken for markup.
            row = [
                Text(str(practice.number)),
                Text(practice.title),
                Text(finding.state.label, colours.get(finding.state, "bright_black")),
                Text(finding.detail or practice.how.replace("`", "")),
            ]
            if proof := proofs.get(practice):
                verdict = Text("proven" if proof.is_proven else "failed")
                verdict.stylize("green" if proof.is_proven else "red")
                row.append(verdict.append(f" {proof.seconds:.1f} s"))
            table.add_row(*row)
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        console.print(table)
        states = [finding.state for finding in findings.values()]
        counts = [
            f"{states.count(state)} {state.label}" for state in State if state in states
        ]
        console.print(f"\n{len(findings)} practices: {', '.join(counts)}")

    def fail(self, unknown: list[int], findings: "Findings", proofs: "Proofs") -> None:
        """Raise CommandError with a line for each reason, if there is one."""
        from plinth.practices.ledger import LAST, errors
        from plinth.practices.states import State

        reasons = [f"there is no practice {n}: the last is {LAST}" for n in unknown]
        reasons += errors()
        reasons += [
            f"practice {practice.number} is not proven: {proof.failure}"
            for practice, proof in proofs.items()
            if not proof.is_proven
        ]
        # With --prove the proofs decide: what is off depends on the shell's variables too.
        if not (settings.DEBUG or proofs):
            reasons += [
                f"practice {practice.number} is off: {finding.detail}"
                for practice, finding in findings.items()
                if finding.state is State.OFF
            ]
        if reasons:
            raise CommandError("\n".join(reasons))


def at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a number from 1 up")
    return int(text)


def as_json(findings: "Findings", proofs: "Proofs") -> str:
    """`proven` and `tests` are null where no proof was run."""
    return json.dumps(
        [
            {
                "number": practice.number,
                "title": practice.title,
                "state": finding.state,
                "detail": finding.detail,
                "how": practice.how,
                "where": practice.places,
                "missing": practice.missing,
                "proven": proof.is_proven if proof else None,
                "failure": proof.failure if proof else None,
                "tests": proof.tests if proof else None,
            }
            for practice, finding in findings.items()
            for proof in [proofs.get(practice)]
        ],
        indent=2,
    )


def as_markdown() -> str:
    """The ledger as a document: the same in every project and environment."""
    from plinth.practices.ledger import ARTICLE, LEDGER

    lines = [
        "# The practices",
        "",
        f'The 73 practices of the article "{ARTICLE}" (Digiqt, 2021), for',
        "Django 6.1. Where the article is wrong, the entry says so.",
        "",
        "`make practices` shows the state of each in your environment, `make prove` runs",
        "the tests that prove them; `make prove ARGS='--number 14'` proves one. A test",
        "proves a practice by its mark: `@pytest.mark.practice(14)`. The list is that of",
        "all answers: a file that it names may not be in your project.",
        "",
        "`manage.py practices --format markdown` writes this file from",
        "`plinth/src/plinth/practices/ledger.py`.",
    ]
    for theme, group in LEDGER.items():
        lines += ["", f"## {theme}"]
        for practice in group:
            lines += ["", f"### {practice.number}. {practice.title}", ""]
            if not practice.is_built:
                lines += ["Not built yet.", ""]
            lines += [practice.how]
            notes = []
            if practice.where:
                places = ", ".join(f"`{place}`" for place in practice.where)
                notes += [f"- Where: {places}"]
            if practice.by_apps:
                notes += ["- Shown by: apps that name it in `AppConfig.practices`"]
            if practice.extras:
                names = ", ".join(f"`{extra}`" for extra in practice.extras)
                notes += [f"- Extra of django-plinth: {names}"]
            lines += ["", *notes] if notes else []
    return "\n".join(lines) + "\n"
