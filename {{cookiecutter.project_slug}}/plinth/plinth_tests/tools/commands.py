"""Linters of this environment, with the project's configuration, on planted code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

BIN = Path(sys.executable).parent
ROOT: Path = settings.BASE_DIR

# Planted code is linted as if it were a module of views.
VIEWS = "apps/pages/views.py"
# What the tools read; uv.lock and requirements.txt exist once the project is installed.
CONFIGURATION = (
    ".djlint_rules.yaml",
    ".pre-commit-config.yaml",
    "Makefile",
    "pyproject.toml",
    "requirements.txt",
    "uv.lock",
    "plinth/pre-commit.yaml",
    "plinth/celery.mk",
    "plinth/project.mk",
    "plinth/pyproject.toml",
    "plinth/ruff.toml",
    "plinth/uv.mk",
)


def run(
    tool: str | Path,
    *arguments: str | Path,
    text: str = "",
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment, or another by its path, with this standard input.

    Skips the test where the tool is not installed.
    """
    command = BIN / tool
    if not command.exists():
        pytest.skip(f"{tool} is not installed: make .venv/lint")
    return subprocess.run(
        [command, *arguments],
        input=text,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def found(code: str, filename: str = VIEWS) -> set[str]:
    """Return the ruff rules that this code breaks."""
    done = run(
        *("ruff", "check", "--output-format=json", f"--stdin-filename={filename}", "-"),
        text=code,
    )
    return {finding["code"] for finding in json.loads(done.stdout)}


def configured(folder: Path) -> Path:
    """Copy the project's configuration to a folder; link the environment."""
    for name in CONFIGURATION:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # The environment finds the foundation beside itself.
    (folder / "plinth/src").symlink_to(ROOT / "plinth/src")
    (folder / ".venv").symlink_to(BIN.parent)
    if (ROOT / ".uv").exists():
        (folder / ".uv").symlink_to(ROOT / ".uv")
    return folder


def plant(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def without_git() -> dict[str, str]:
    """Return this environment without a git hook's variables: they name its repository."""
    return {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
