import json
import os
from argparse import ArgumentParser, ArgumentTypeError
from importlib.util import find_spec
from typing import IO, Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plinth.practices.ledger import LAST, LEDGER, Practice, faults, practices
from plinth.practices.proofs import Proof, prove
from plinth.practices.states import Finding, State

COLOURS = {
    State.ON: "green",
    State.EMBEDDED: "cyan",
    State.OFF: "red",
    State.ABSENT: "bright_black",
    State.UNBUILT: "bright_black",
}


class Command(BaseCommand):
    help = "Show the 73 practices: how each is done, and what it is in where this runs."
    # It shows what the checks would complain of.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--number", type=int, action="append", help="only this one (repeatable)"
        )
        parser.add_argument(
            "--off", action="store_true", help="only those that are off"
        )
        parser.add_argument(
            "--format", choices=["table", "json", "markdown"], default="table"
        )
        parser.add_argument(
            "--prove",
            action="store_true",
            help="run what proves them, and say how long",
        )
        parser.add_argument(
            "--jobs",
            type=at_least_one,
            default=os.cpu_count() or 1,
            help="how many tests run at a time (default: one for each processor)",
        )

    def handle(self, **options: Any) -> None:
        numbers = options["number"] or range(1, LAST + 1)
        findings = {p: p.find() for p in practices() if p.number in numbers}
        if options["off"]:
            findings = {p: f for p, f in findings.items() if f.state is State.OFF}
        proofs = self.prove(list(findings), options["jobs"]) if options["prove"] else {}
        match options["format"]:
            case "json":
                self.stdout.write(as_json(findings, proofs))
            case "markdown":
                self.stdout.write(as_markdown(), ending="")
            case _:
                self.print_table(findings, proofs)
        unknown = [n for n in numbers if n not in range(1, LAST + 1)]
        self.refuse(unknown, findings, proofs)

    def prove(self, chosen: list[Practice], jobs: int) -> dict[Practice, Proof]:
        if not find_spec("pytest"):
            raise CommandError("Proofs need the development tools: run `make setup`.")
        proven = [p for p in chosen if p.proof and not p.absent]
        return prove(proven, jobs) if proven else {}

    def print_table(
        self, findings: dict[Practice, Finding], proofs: dict[Practice, Proof]
    ) -> None:
        table = Table("No", "Practice", "State", "Detail", box=None, pad_edge=False)
        if proofs:
            table.add_column("Proof")
        for practice, finding in findings.items():
            # As Text, so that brackets in a detail are not taken for markup.
            row = [
                Text(str(practice.number)),
                Text(practice.title),
                Text(finding.state, COLOURS[finding.state]),
                Text(finding.detail or practice.how),
            ]
            if proof := proofs.get(practice):
                verdict = Text("passed" if proof.passed else "failed")
                verdict.stylize("green" if proof.passed else "red")
                row.append(verdict.append(f" {proof.seconds:.1f} s"))
            table.add_row(*row)
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        console.print(table)
        states = [finding.state for finding in findings.values()]
        counts = [
            f"{states.count(state)} {state}" for state in State if state in states
        ]
        console.print(f"\n{len(findings)} practices: {', '.join(counts)}")

    def refuse(
        self,
        unknown: list[int],
        findings: dict[Practice, Finding],
        proofs: dict[Practice, Proof],
    ) -> None:
        """Exit with 1 and a line for each reason, if there is one."""
        reasons = [f"there is no practice {n}: they go to {LAST}" for n in unknown]
        reasons += faults()
        reasons += [
            f"the proof of practice {practice.number} failed"
            for practice, proof in proofs.items()
            if not proof.passed
        ]
        if not settings.DEBUG:
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


def as_json(findings: dict[Practice, Finding], proofs: dict[Practice, Proof]) -> str:
    """`proven` is null where no proof was run."""
    return json.dumps(
        [
            {
                "number": practice.number,
                "title": practice.title,
                "state": finding.state,
                "detail": finding.detail,
                "how": practice.how,
                "where": practice.where,
                "proof": practice.proof,
                "proven": proofs[practice].passed if practice in proofs else None,
            }
            for practice, finding in findings.items()
        ],
        indent=2,
    )


def as_markdown() -> str:
    """The ledger as a document, which says the same wherever it is printed."""
    lines = [
        "# The practices",
        "",
        "Printed from `plinth/src/plinth/practices/ledger.py` by",
        "`manage.py practices --format markdown`; `make practices` shows the state of each",
        "where you are.",
    ]
    for theme, group in LEDGER.items():
        lines += ["", f"## {theme}"]
        for practice in group:
            lines += ["", f"### {practice.number}. {practice.title}", ""]
            if not practice.how:
                lines += ["Not built yet."]
                continue
            lines += [practice.how, ""]
            # What an answer left out has neither.
            if practice.proof:
                places = ", ".join(f"`{place}`" for place in practice.where)
                lines += [f"- Where: {places}", f"- Proof: `{practice.proof}`"]
            if practice.needs:
                lines += [f"- Needs: an answer to `{practice.needs}`"]
    return "\n".join(lines) + "\n"
