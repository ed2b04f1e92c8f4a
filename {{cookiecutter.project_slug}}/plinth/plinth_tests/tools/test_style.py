"""PEP 8, types and templates: the tools find what is wrong, and nothing here."""

import re
from pathlib import Path

import pytest

from .commands import VIEWS, found, run

pytestmark = pytest.mark.practice(45)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("E401", "import os, sys\n"),
        ("E701", "if True: pass\n"),
        ("E711", "a = 1\nb = a == None\n"),
        ("F401", "import os\n"),
        ("I001", "import os\nimport abc\n"),
        ("N801", "class a_view:\n    pass\n"),
        ("ANN201", "def view():\n    pass\n"),
        ("W291", "a = 1 \n"),
    ],
)
def test_bad_style_is_refused(rule: str, code: str) -> None:
    assert rule in found(code)


def test_bad_style_of_other_kinds_is_refused() -> None:
    format_check = run("ruff", "format", f"--stdin-filename={VIEWS}", "-", text="a=1")
    assert format_check.stdout == "a = 1\n"

    template = run("djlint", "--lint", "-", text="<div><p>One</div>\n")
    assert "H025" in template.stdout


@pytest.mark.parametrize(
    "command",
    ["ruff check", "ruff format --check", "djlint --lint --check templates"],
)
def test_the_style_is_good(command: str) -> None:
    done = run(*command.split())

    assert done.returncode == 0, done.stdout


def test_types_are_strict_and_right(tmp_path: Path) -> None:
    module = tmp_path / "example.py"
    module.write_text("""
from apps.accounts.models import User
def view(request): ...
User.objects.get().name + 1
""")

    found = run("mypy", "apps", "config", "tests", "manage.py", module).stdout

    # What mypy kept of a run before names the folder of that run. Only the strict mode
    # finds the one, and only the plugin for Django the other.
    errors = re.findall(r"(\w+\.py):\d+: error: .+\[(.+)\]$", found, re.MULTILINE)
    assert errors == [("example.py", "no-untyped-def"), ("example.py", "operator")], (
        found
    )
