import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from plinth.practices import migration_lint


class Command(BaseCommand):
    """Lint the migrations that are not released yet; connects to no database."""

    help = "Report migrations that block requests or break the release that serves."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        commit = migration_lint.released_commit()
        if not commit:
            message = (
                "No migration is released: there is no commit in MIGRATIONS_BASE and no "
                "origin/main."
            )
            # A pipeline's shallow clone would accept every migration.
            if os.environ.get("CI"):
                raise CommandError(
                    f"{message} Fetch the main branch, or set MIGRATIONS_BASE."
                )
            self.stdout.write(message)
            return
        if not migration_lint.program():
            self.stdout.write("squawk is missing, so most rules are: make .venv/lint")
        loader = MigrationLoader(None)
        new = migration_lint.new_migrations(loader, commit)
        found = migration_lint.lint(loader, new)
        for finding in found:
            self.stderr.write(str(finding))
        if found:
            raise CommandError(f"{len(found)} unsafe operations in new migrations")
