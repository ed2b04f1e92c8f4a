"""The configuration of nginx, parsed.

Importing it skips a module of tests where the configuration or the parser is missing.
"""

import re
from collections.abc import Iterator
from functools import cache
from string import Template
from typing import Any

import pytest
from django.conf import settings

# A directive: name, arguments, and the directives of its block.
Directive = dict[str, Any]

crossplane = pytest.importorskip(
    "crossplane", reason="crossplane is not installed: make .venv/lint"
)

MAIN = settings.BASE_DIR / "deploy" / "nginx" / "nginx.conf"
if not MAIN.exists():
    pytest.skip("no deploy/nginx in this project", allow_module_level=True)


@cache
def configuration() -> list[Directive]:
    """Return all directives, included files too; mime.types is the server's and may be missing."""
    parsed = crossplane.parse(str(MAIN), combine=True, comments=False)
    assert all("mime.types" in error["error"] for error in parsed["errors"])
    found: list[Directive] = parsed["config"][0]["parsed"]
    return found


def walk(block: list[Directive]) -> Iterator[Directive]:
    for directive in block:
        yield directive
        yield from walk(directive.get("block", []))


def find(name: str, within: list[Directive] | None = None) -> list[Directive]:
    """Return the directives of a name, at any depth."""
    block = configuration() if within is None else within
    return [found for found in walk(block) if found["directive"] == name]


def values(name: str, within: list[Directive] | None = None) -> list[str]:
    """Return the arguments of the directives of a name, joined by spaces."""
    return [" ".join(found["args"]) for found in find(name, within)]


def servers(*, https: bool, default: bool) -> list[list[Directive]]:
    """Return the blocks of matching servers."""
    return [
        server["block"]
        for server in find("server")
        if "block" in server
        and any(
            (" ssl" in listen, "default_server" in listen) == (https, default)
            for listen in values("listen", server["block"])
        )
    ]


def look_up(name: str, value: str) -> str:
    """Return the result of the map of a variable for a value."""
    [block] = [each["block"] for each in find("map") if each["args"][1] == name]
    entries = {entry["directive"]: "".join(entry["args"]) for entry in block}
    if value in entries:
        return entries[value]
    for pattern, result in entries.items():
        # nginx tries no pattern on an empty value.
        if value and pattern.startswith("~"):
            flags = re.IGNORECASE if pattern.startswith("~*") else 0
            named = pattern.lstrip("~*").replace("(?<", "(?P<").replace("(?P<=", "(?<=")
            if match := re.search(named, value, flags | re.ASCII):
                return Template(result).safe_substitute(match.groupdict(default=""))
    return entries["default"]
