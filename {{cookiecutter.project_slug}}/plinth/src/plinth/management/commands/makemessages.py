"""Django's makemessages, which collects the foundation's texts too: `make messages`."""

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages

import plinth

# Development tools, which speak English, and what is not of this project.
IGNORED = [
    *("*/.*", ".*", "plinth/plinth_tests/*", "plinth/src/plinth/practices/*"),
    *("plinth/src/plinth/benchmarks/*", "plinth/src/plinth/mail/inbox/*", "tests/*"),
    *("plinth/src/plinth/app_template/*", "staticfiles/*"),
]


LOCALE = Path(plinth.__file__).with_name("locale")
# The comments above gettext's header.
TITLE = r"\A# SOME DESCRIPTIVE TITLE\.\n(#.*\n)*"


def source(entry: str) -> str:
    """Return the context and text of an entry of a .po file, each on one line."""
    lines = [line for line in entry.splitlines() if not line.startswith("#")]
    return "\n".join(lines).partition("\nmsgstr")[0].replace('"\n"', "")


def is_translated(entry: str) -> bool:
    translation = entry.partition("\nmsgstr")[2]
    is_fuzzy = re.search("^#,.*fuzzy", entry, re.MULTILINE)
    return not is_fuzzy and bool(re.search(r'"[^"\n]', translation))


class Command(makemessages.Command):
    """Writes the texts of the project into the first of LOCALE_PATHS.

    Texts that the foundation translates itself are left out, unless the file has a
    translation of its own, which takes precedence. An app's folder may be deleted, and the
    foundation replaced, without a loss.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        options["ignore_patterns"] = [*options["ignore_patterns"], *IGNORED]
        super().handle(*args, **options)

    def find_files(self, root: str) -> list[Any]:
        files = super().find_files(root)
        for file in files:
            file.locale_dir = self.default_locale_path
        return files

    def write_po_file(self, potfile: str, locale: str) -> None:
        super().write_po_file(potfile, locale)
        path = Path(locale, "LC_MESSAGES", f"{self.domain}.po")
        file = Path(potfile).parent / path
        name = json.dumps(settings.SITE_NAME, ensure_ascii=False)[1:-1]
        text = re.sub(TITLE, lambda _: f"# Texts of {name}.\n", file.read_text("utf-8"))
        text = text.replace("PACKAGE VERSION", name).replace(
            '"Language: \\n"', f'"Language: {locale}\\n"'
        )
        if (LOCALE / path).exists():
            _, *known = (LOCALE / path).read_text("utf-8").split("\n\n")
            translated = {source(entry) for entry in known}
            text = "\n\n".join(
                entry
                for entry in text.rstrip().split("\n\n")
                if is_translated(entry) or source(entry) not in translated
            )
        file.write_text(text.rstrip() + "\n", "utf-8")
