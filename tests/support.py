"""What several test modules use: the answers at both ends, and commands."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# The fixture record_property: what is told as "summary" closes the run.
Say = Callable[[str, object], None]

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT = "{{cookiecutter.project_slug}}"

# Answers that give the two ends: everything, which is the default, and nothing.
DEFAULT: dict[str, object] = {}
LEANEST: dict[str, object] = {
    "example_app": False,
    "sign_up": False,
    "use_celery": False,
    "rest_api": "none",
    "media_storage": "local",
    "error_tracking": "none",
    "ci": "none",
    "license": "proprietary",
}


def run(
    *command: object, cwd: Path, env: dict[str, str] | None = None, **options: Any
) -> str:
    """Run a command and return what it prints; fail the test, showing it, if it fails.

    The environment is a newcomer's: no active environment, no settings chosen.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment() | (env or {}),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=1200,
        check=False,
        **options,
    )
    if done.returncode:
        words = " ".join(str(part) for part in command)
        pytest.fail(f"{words} exited {done.returncode}:\n{done.stdout}", pytrace=False)
    return done.stdout


def clean_environment() -> dict[str, str]:
    ours = (
        "VIRTUAL_ENV",
        "DJANGO_SETTINGS_MODULE",
        "PYTHONDONTWRITEBYTECODE",
        "UV_",
        "MAKE",
        "ARGS",  # what `make test ARGS=...` was called with
        "CI",
    )
    return {
        name: value for name, value in os.environ.items() if not name.startswith(ours)
    }


def copy_of(project: Path, folder: Path, *left_out: str) -> Path:
    """Copy a project to change it; its environment has the packages of the original's.

    The copy's programs import the copy's foundation. What tools keep is left out.
    """
    copy = folder / project.name
    left_out += (".venv", ".uv", "*.sqlite3*", "__pycache__", ".*_cache")
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(*left_out))
    if (project / ".uv").exists():
        (copy / ".uv").symlink_to(project / ".uv")
    if (project / ".venv").exists():
        # Programs find the environment from their own real path.
        ignored = shutil.ignore_patterns("lib*", "include", "share")
        shutil.copytree(
            project / ".venv", copy / ".venv", symlinks=True, ignore=ignored
        )
        (copy / ".venv/lib").symlink_to((project / ".venv/lib").resolve())
    return copy


def commit(repository: Path, message: str = "Start") -> None:
    """Commit everything, as somebody whose git has no name set."""
    run("git", "add", "--all", cwd=repository)
    run(
        "git",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "commit",
        "--quiet",
        "--no-verify",
        "--message",
        message,
        cwd=repository,
    )


def documented(page: Path, words: str) -> str:
    """The block of commands on a page of documentation that has these words."""
    blocks = re.findall(r"(?m)(?:^    .+\n)+", page.read_text())
    [block] = [block for block in blocks if words in block]
    return block


def refusal(
    *command: object, cwd: Path, env: dict[str, str] | None = None
) -> list[str]:
    """Run a command that must fail; return its standard error's lines, without make's."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment() | (env or {}),
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=1200,
        check=False,
    )
    assert done.returncode, f"{command} did not fail:\n{done.stdout}{done.stderr}"
    return [line for line in done.stderr.splitlines() if not line.startswith("make:")]
