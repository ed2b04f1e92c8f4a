"""Writes the rules and the dashboard into deploy/monitoring; `--check` compares them."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plinth.monitoring import dashboards, rules

FILES = {"rules/site.yml": rules.text, "grafana/site.json": dashboards.text}


class Command(BaseCommand):
    help = "Write deploy/monitoring's rules and dashboard from the table of alerts."
    # Neither needs a database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing")

    def handle(self, *, check: bool, **options: Any) -> None:
        for name, text in FILES.items():
            file = settings.BASE_DIR / "deploy/monitoring" / name
            if file.exists() and file.read_text() == text():
                continue
            if check:
                raise CommandError(f"{file} is old: run `manage.py monitoring`")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text())
            self.stdout.write(f"Wrote {file}")
