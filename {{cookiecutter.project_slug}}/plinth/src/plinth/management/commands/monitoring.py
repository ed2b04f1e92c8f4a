"""Writes the rules and the dashboard where Prometheus reads them; `--check` compares them."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.monitoring import dashboards, rules

FILES = {
    "deploy/monitoring": {
        "rules/site.yml": rules.text,
        "grafana/site.json": dashboards.text,
    },
    "deploy/kubernetes/components/monitoring": {
        "rules.yaml": rules.prometheus_rule,
        "site.json": dashboards.text,
    },
}


class Command(BaseCommand):
    help = "Write the rules and the dashboard from the table of alerts."
    # Neither needs a database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing")

    def handle(self, *, check: bool, **options: Any) -> None:
        # Where neither folder is, into the first: for a Prometheus of your own.
        here = {name for name in FILES if (settings.BASE_DIR / name).exists()}
        chosen = here or {next(iter(FILES))}
        files = {
            settings.BASE_DIR / folder / name: text
            for folder in sorted(chosen)
            for name, text in FILES[folder].items()
        }
        for file, text in files.items():
            if file.exists() and file.read_text() == text():
                continue
            if check:
                raise CommandError(f"{file} is old: run `manage.py monitoring`")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text())
            self.stdout.write(f"Wrote {file}")
