from keyword import iskeyword
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import startapp

import plinth

PARTS = ("apps", "templates", "tests")
TEMPLATE = Path(plinth.__file__).with_name("app_template")


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
        taken = [f"{part}/{name}" for part in PARTS if folders[part].exists()]
        if taken or iskeyword(name):
            reason = f"{taken[0]} exists" if taken else "Python reserves the word"
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
