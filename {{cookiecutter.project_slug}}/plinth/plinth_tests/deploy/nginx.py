"""The configuration of nginx, read as nginx reads it."""

import re
from collections.abc import Iterator
from functools import cache
from string import Template
from typing import Any

import crossplane
from django.conf import settings

# A directive: its name, its arguments, and what is in its block.
Directive = dict[str, Any]

MAIN = settings.BASE_DIR / "deploy" / "nginx" / "nginx.conf"


@cache
def configuration() -> list[Directive]:
    """Return the whole, with what is included; the list of media types may be missing."""
    parsed = crossplane.parse(str(MAIN), combine=True, comments=False)
    # Each place that includes it has an error of its own.
    assert all("mime.types" in fault["error"] for fault in parsed["errors"])
    found: list[Directive] = parsed["config"][0]["parsed"]
    return found


def walk(block: list[Directive]) -> Iterator[Directive]:
    for directive in block:
        yield directive
        yield from walk(directive.get("block", []))


def find(name: str, within: list[Directive] | None = None) -> list[Directive]:
    """Return the directives with a name, however deep."""
    block = configuration() if within is None else within
    return [found for found in walk(block) if found["directive"] == name]


def say(name: str, within: list[Directive] | None = None) -> list[str]:
    """Return what the directives with a name say."""
    return [" ".join(found["args"]) for found in find(name, within)]


def servers(*, https: bool, default: bool) -> list[list[Directive]]:
    """Return the blocks of the servers of a kind."""
    return [
        server["block"]
        for server in find("server")
        if "block" in server
        and any(
            (" ssl" in said, "default_server" in said) == (https, default)
            for said in say("listen", server["block"])
        )
    ]


def look_up(name: str, value: str) -> str:
    """Return what a map's variable is for a value, as nginx finds it."""
    [block] = [each["block"] for each in find("map") if each["args"][1] == name]
    entries = {entry["directive"]: "".join(entry["args"]) for entry in block}
    if value in entries:
        return entries[value]
    for pattern, result in entries.items():
        # No pattern is tried on an empty value.
        if value and pattern.startswith("~"):
            flags = re.IGNORECASE if pattern.startswith("~*") else 0
            named = pattern.lstrip("~*").replace("(?<", "(?P<").replace("(?P<=", "(?<=")
            if match := re.search(named, value, flags | re.ASCII):
                return Template(result).safe_substitute(match.groupdict(default=""))
    return entries["default"]
