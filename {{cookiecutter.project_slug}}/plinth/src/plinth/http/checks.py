"""System check of templates: each literal `{% static %}` names a file that exists."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks
from django.template import engines

STATIC = re.compile(r"""\{% *static +(["'])(?P<path>[^"']+)\1 *(?!\|)""")


@checks.register("plinth")
def check_static_tags(**kwargs: Any) -> Iterable[checks.CheckMessage]:
    """Warn about the names of files that no finder finds.

    With production's storage such a page is an error 500; local settings show it.
    """
    for template in sorted(templates()):
        for number, line in enumerate(template.read_text().splitlines(), start=1):
            for tag in STATIC.finditer(line):
                if not finders.find(urlsplit(tag["path"]).path):
                    yield checks.Warning(
                        f"{template.relative_to(settings.BASE_DIR)}, line {number}: "
                        f"no static file is named {tag['path']!r}.",
                        hint="Correct the name, or add the file to static/. To silence "
                        'it: SILENCED_SYSTEM_CHECKS = ["plinth.W010"].',
                        id="plinth.W010",
                    )


def templates() -> Iterator[Path]:
    """Yield the files in the project's own template folders."""
    folders = {Path(each) for engine in engines.all() for each in engine.template_dirs}
    for folder in folders:
        if folder.is_relative_to(settings.BASE_DIR) and not folder.is_relative_to(
            sys.prefix
        ):
            yield from filter(Path.is_file, folder.rglob("*"))
