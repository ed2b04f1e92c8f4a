"""What the project's apps bring to the API, each in its package `api`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule


def modules(name: str) -> Iterator[str]:
    """Yield the dotted path of a module of this name in each of the project's own apps."""
    for app in apps.get_app_configs():
        folder = Path(app.path)
        own = folder.is_relative_to(settings.BASE_DIR)
        if own and not folder.is_relative_to(sys.prefix):
            if module_has_submodule(app.module, name):
                yield f"{app.name}.{name}"
