import re
from keyword import iskeyword
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import startapp

import plinth

NAME = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
PARTS = ("apps", "templates", "tests")
TEMPLATE = Path(plinth.__file__).with_name("app_template")


def problem(name: str) -> str:
    """Return what is wrong with an app's name: nothing if it is valid."""
    if not re.fullmatch(NAME, name):
        return "Lower-case letters and digits, in words joined by a single _"
    for part in PARTS:
        if (settings.BASE_DIR / part / name).exists():
            return f"{part}/{name} exists"
    if iskeyword(name):
        return "Python reserves the word"
    return "An installed app has this label" if name in apps.app_configs else ""


class Command(startapp.Command):
    """Django's `startapp`: by default an app in apps/, with a model, a page and a test.

    Another directory, or another template, gives Django's own app.
    """

    def handle(self, **options: Any) -> None:  # type: ignore[override]
        name: str = options["name"]
        home = settings.BASE_DIR / "apps" / name
        target = Path(options["directory"] or home).resolve()
        if options["template"] or target != home.resolve():
            super().handle(**options)
            return
        folders = {part: settings.BASE_DIR / part / name for part in PARTS}
        if reason := problem(name):
            raise CommandError(f"{reason}: take another name than {name}.")
        for part, folder in folders.items():
            template = TEMPLATE / part
            options |= {"directory": str(folder), "template": str(template)}
            super().handle(**options)
        self.stdout.write(
            f"apps/{name}, templates/{name} and tests/{name} are written. Add it to\n"
            f'  INSTALLED_APPS in config/settings/base.py:  "apps.{name}",\n'
            f"  urlpatterns in config/urls.py:"
            f'  path("{name}/", include("apps.{name}.urls")),\n'
            f"Then run make migrations migrate, and make test."
        )
