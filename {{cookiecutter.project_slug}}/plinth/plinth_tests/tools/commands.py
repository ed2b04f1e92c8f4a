"""The tools of this environment, run as a commit runs them."""

import json
import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

BIN = Path(sys.executable).parent

# A module that code is checked as if it were.
VIEWS = "apps/pages/views.py"


def run(
    tool: str | Path,
    *arguments: str | Path,
    text: str = "",
    cwd: Path = settings.BASE_DIR,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment, or another by its path, and give it this text."""
    return subprocess.run(
        [BIN / tool, *arguments],
        input=text,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def found(code: str) -> set[str]:
    """Return the rules that this code breaks, were it a module of views."""
    done = run(
        *("ruff", "check", "--output-format=json", f"--stdin-filename={VIEWS}", "-"),
        text=code,
    )
    return {finding["code"] for finding in json.loads(done.stdout)}


def found_here(rules: str, *options: str) -> list[str]:
    """Return where this project breaks rules whose codes match."""
    done = run("ruff", "check", "--output-format=json", *options)
    return [
        f"{finding['code']} {finding['filename']}"
        for finding in json.loads(done.stdout)
        if re.match(rules, finding["code"])
    ]
