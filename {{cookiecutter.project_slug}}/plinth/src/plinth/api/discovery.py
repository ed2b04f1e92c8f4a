"""What the project's apps bring to the API, each in its package `api`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule


def modules(name: str) -> Iterator[str]:
    """Yield the dotted path of a module of this name in each of the project's own apps."""
    for app in filter(is_own, apps.get_app_configs()):
        if module_has_submodule(app.module, name):
            yield f"{app.name}.{name}"


def is_own(app: AppConfig) -> bool:
    """Whether an app is the owner's: a library publishes nothing."""
    folder, project = Path(app.path), settings.BASE_DIR
    return folder.is_relative_to(project) and not (
        folder.is_relative_to(project / "plinth") or folder.is_relative_to(sys.prefix)
    )
