"""PEP 8, types and templates: the tools find what breaks them, and accept good code."""

import re
from pathlib import Path

import pytest

from .commands import ROOT, VIEWS, configured, found, plant, run

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
def test_bad_style_is_an_error(rule: str, code: str) -> None:
    assert rule in found(code)


def test_good_style_is_no_error() -> None:
    code = '"""Views."""\n\nimport math\n\n\ndef area(radius: float) -> float:\n    return math.pi * radius**2\n'

    assert not found(code)


def test_ruff_formats_a_module() -> None:
    done = run("ruff", "format", f"--stdin-filename={VIEWS}", "-", text="a=1")

    assert done.stdout == "a = 1\n"


def test_djlint_finds_an_unclosed_tag(tmp_path: Path) -> None:
    configured(tmp_path)
    plant(tmp_path, "bad.html", "<div><p>One</div>\n")
    plant(tmp_path, "good.html", "<p>One</p>\n")

    found = run("djlint", "--lint", ".", cwd=tmp_path).stdout

    assert "H025" in found
    assert "good.html" not in found


def test_mypy_is_strict_and_knows_django(tmp_path: Path) -> None:
    bad = plant(
        tmp_path,
        "bad.py",
        """
from django.contrib.sessions.models import Session
def view(request): ...
Session.objects.get().session_key + 1
""",
    )
    good = plant(
        tmp_path,
        "good.py",
        """
from django.contrib.sessions.models import Session
def key(session: Session) -> str:
    return session.session_key + "a"
""",
    )

    found = run("mypy", bad, good, cwd=ROOT).stdout

    # Strict mode alone finds the first, and the plugin for Django the second.
    errors = re.findall(r"(\w+\.py):\d+: error: .+\[(.+)\]$", found, re.MULTILINE)
    assert errors == [("bad.py", "no-untyped-def"), ("bad.py", "operator")], found
