"""Django's makemessages, which collects the foundation's texts too: `make messages`."""

from typing import Any

from django.core.management.commands import makemessages

# Development tools, which speak English, and what is not of this project.
IGNORED = [
    *("*/.*", ".*", "plinth/plinth_tests/*", "plinth/src/plinth/practices/*"),
    *("plinth/src/plinth/benchmarks/*", "plinth/src/plinth/mail/inbox/*", "tests/*"),
    *("plinth/src/plinth/app_template/*", "staticfiles/*"),
]


class Command(makemessages.Command):
    """Writes all texts of the project into the first of LOCALE_PATHS.

    A translation there takes precedence over the foundation's own, so a folder of an app
    may be deleted, and the foundation replaced, without a loss.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        options["ignore_patterns"] = [*options["ignore_patterns"], *IGNORED]
        super().handle(*args, **options)

    def find_files(self, root: str) -> list[Any]:
        files = super().find_files(root)
        for file in files:
            file.locale_dir = self.default_locale_path
        return files
