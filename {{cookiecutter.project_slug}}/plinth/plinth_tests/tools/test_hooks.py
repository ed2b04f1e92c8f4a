"""Every hook of a commit catches what it is for, and none complains of this project."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from .commands import BIN, run

pytestmark = pytest.mark.practice(30)

CONFIG = (settings.BASE_DIR / ".pre-commit-config.yaml").read_text()
HOOKS = re.findall(r"- id: (\S+)", CONFIG)
FOR_DJANGO = ["djade", "django-upgrade", "djlint", "djlint-reformat", "makemigrations"]
# The template of this project has no lock to export.
LOCKED = (settings.BASE_DIR / "uv.lock").exists()

# What each hook refuses: a file, or the end of one that the project has.
BAD = {
    "check-added-large-files": ("large.bin", "x" * 600 * 1024),
    "check-ast": ("apps/core/broken.py", "def\n"),
    "check-case-conflict": ("README.MD", "Read me\n"),
    "check-json": ("bad.json", "{\n"),
    "check-merge-conflict": ("conflict.txt", "<<<<<<< mine\n=======\n>>>>>>> yours\n"),
    "check-symlinks": ("dangling", ""),
    "check-toml": ("bad.toml", "name =\n"),
    "check-yaml": ("bad.yml", "name: [\n"),
    "debug-statements": ("apps/core/debugged.py", "breakpoint()\n"),
    "deptry": ("apps/core/needs.py", "import no_such_package\n\nno_such_package.a()\n"),
    "detect-private-key": ("key.txt", "-----BEGIN RSA PRIVATE" + " KEY-----\n"),
    "detect-secrets": ("token.txt", "ghp_" + "a1B2" * 9 + "\n"),
    "djade": ("templates/old.html", "{% ifequal a b %}{% endif %}{%extends 'a'%}\n"),
    "django-upgrade": (
        "apps/core/old.py",
        "from django.utils.encoding import force_text\n",
    ),
    "djlint": ("templates/inline.html", '<p style="color: red">Red</p>\n'),
    "djlint-reformat": ("templates/flat.html", "<div><div><p>One</p></div></div>\n"),
    "end-of-file-fixer": ("end.txt", "no line break"),
    "hadolint": ("deploy/Dockerfile", "FROM python\nRUN cd /app\n"),
    "makemigrations": (
        "apps/accounts/models.py",
        "\n\nclass New(models.Model):\n    pass\n",
    ),
    "mixed-line-ending": ("mixed.txt", "one\r\ntwo\n"),
    "requirements": ("requirements.txt", "left==1.0\n"),
    "ruff-check": ("apps/core/unused.py", "import os\n"),
    "ruff-format": ("apps/core/wide.py", "a   =   1\n"),
    "shellcheck": ("deploy/unquoted.sh", "#!/bin/sh\nrm $1\n"),
    "trailing-whitespace": ("blank.txt", "blank \n"),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this project, as git would hold it."""
    copy = tmp_path_factory.mktemp("hooks") / "project"
    made = re.findall(
        r"^[^#\n/]+", (settings.BASE_DIR / ".gitignore").read_text(), re.MULTILINE
    )
    shutil.copytree(
        settings.BASE_DIR, copy, ignore=shutil.ignore_patterns(".git", *made)
    )
    (copy / ".venv").symlink_to(BIN.parent)
    if (settings.BASE_DIR / ".uv").exists():
        (copy / ".uv").symlink_to(settings.BASE_DIR / ".uv")
    git(copy, "init", "--quiet")
    (copy / ".git/info/exclude").write_text(".uv\n.venv\n")
    git(copy, "add", ".")
    return copy


def git(repository: Path, *arguments: str) -> None:
    command = [shutil.which("git") or "git", *arguments]
    subprocess.run(command, cwd=repository, env=environment(repository), check=True)


def environment(repository: Path) -> dict[str, str]:
    """Without what a hook of git, which may run this, says of its own repository."""
    env = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    return env | {"PRE_COMMIT_HOME": str(repository.parent / "pre-commit")}


def pre_commit(repository: Path, *arguments: str, skip: str = "") -> str:
    """Return the hooks' output, in which those that fail have their names."""
    env = environment(repository) | {"SKIP": skip}
    return run("pre-commit", "run", *arguments, cwd=repository, env=env).stdout


@pytest.fixture(scope="module")
def caught(repository: Path) -> set[str]:
    """The hooks that fail, each with something bad of its kind before it."""
    # Nothing else can read a module that is not Python: it comes alone, and last.
    alone = "check-ast"
    return {
        *failing(repository, [bad for hook, bad in BAD.items() if hook != alone]),
        *failing(repository, [BAD[alone]], alone),
    }


def failing(
    repository: Path, files: list[tuple[str, str]], *arguments: str
) -> list[str]:
    for name, text in files:
        if name == "dangling":
            (repository / name).symlink_to("nowhere")
        else:
            with (repository / name).open("a", newline="") as file:
                file.write(text)
    git(repository, "add", ".")
    names = [name for name, _ in files]
    output = pre_commit(repository, *arguments, "--files", *names)
    return re.findall(r"^- hook id: (\S+)", output, re.MULTILINE)


def test_no_hook_complains_of_the_project(repository: Path) -> None:
    output = pre_commit(
        repository, "--all-files", skip="" if LOCKED else "requirements"
    )

    assert output.count("Passed") > len(HOOKS) // 2
    assert "Failed" not in output, output


def test_every_hook_has_something_to_catch() -> None:
    assert {*HOOKS} == BAD.keys()


def test_each_hook_catches_what_it_is_for(
    caught: set[str], subtests: pytest.Subtests
) -> None:
    for hook in HOOKS:
        with subtests.test(hook):
            assert hook in caught


@pytest.mark.practice(31)
def test_each_hook_for_django_catches_what_it_is_for(caught: set[str]) -> None:
    assert {*FOR_DJANGO} <= caught
