"""The project's settings without DEBUG and without the tools of development.

The tools patch Django's templates and queries, and would be most of a profile.
"""

import os
from importlib import import_module
from typing import Any

project: dict[str, Any] = vars(import_module(os.environ["PROFILED_SETTINGS"]))
globals().update({name: project[name] for name in project if name.isupper()})

TOOLS = {
    "debug_toolbar",
    "django_browser_reload",
    "django_extensions",
    "silk",
    "zeal",
}


def without_tools(paths: list[str]) -> list[str]:
    return [
        path
        for path in paths
        if path.partition(".")[0] not in TOOLS
        and not path.startswith("plinth.profiling.")
    ]


DEBUG = False
INSTALLED_APPS = without_tools(project["INSTALLED_APPS"])
MIDDLEWARE = without_tools(project["MIDDLEWARE"])
