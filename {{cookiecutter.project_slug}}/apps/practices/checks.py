"""System checks that remind of a practice; each id ends in the practice's number."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks


@checks.register("practices")
def remind_to_squash(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> Iterable[checks.CheckMessage]:
    """Warn about an app with more than SQUASH_MIGRATIONS_AFTER unsquashed migrations.

    Every test run and every new database replays them all. Only this project's own
    apps count, and only their files are read: nothing is imported, nothing is queried.
    """
    for app in app_configs or apps.get_app_configs():
        folder = Path(app.path, "migrations")
        if settings.BASE_DIR / "apps" not in folder.parents:
            continue
        names = unsquashed(folder)
        if len(names) > settings.SQUASH_MIGRATIONS_AFTER:
            yield checks.Warning(
                f"The app {app.label!r} has {len(names)} unsquashed migrations, more "
                f"than SQUASH_MIGRATIONS_AFTER = {settings.SQUASH_MIGRATIONS_AFTER}.",
                hint=f"manage.py squashmigrations {app.label} {names[-1]}",
                id="practices.W032",
            )


def unsquashed(folder: Path) -> list[str]:
    """Names of the migrations in a folder that no squashed one replaces, in order."""
    texts = {path.stem: path.read_text() for path in sorted(folder.glob("[0-9]*.py"))}
    replaced = {
        name
        for text in texts.values()
        for block in re.findall(
            r"^    replaces = \[.*?\]", text, re.DOTALL | re.MULTILINE
        )
        for name in re.findall(r"""['"](\w+)['"]\s*\)""", block)
    }
    return [name for name in texts if name not in replaced]
