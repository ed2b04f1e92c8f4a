"""`.env.example` and the settings name the same variables."""

import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from plinth_tests.tools.commands import run

pytestmark = pytest.mark.practice(39)

# Chosen by whoever starts a process, not by an installation.
OUTSIDE = {"DJANGO_SETTINGS_MODULE", "ENV_FILE", "OWNER"}


def test_every_variable_is_in_the_example() -> None:
    read = {
        name
        for path in (settings.BASE_DIR / "config").rglob("*.py")
        for name in re.findall(
            r"""(?:env(?:\.\w+)?|environ\.get)\(\s*["']([A-Z_]+)["']""",
            path.read_text(),
        )
    }
    compose = (settings.BASE_DIR / "compose.yml").read_text()
    read |= set(re.findall(r"\$\{([A-Z_]+)", compose))
    example = (settings.BASE_DIR / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))

    assert read - OUTSIDE == listed


def test_git_ignores_the_secrets(tmp_path: Path) -> None:
    shutil.copy(settings.BASE_DIR / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    ignored = subprocess.run(
        ["git", "check-ignore", ".env", ".env.example"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert ignored.stdout.split() == [".env"]


def test_each_secret_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    for name in ("Makefile", "plinth/uv.mk", "pyproject.toml", ".env.example"):
        shutil.copy(settings.BASE_DIR / name, tmp_path)
    # An installed environment, so that `make` has nothing to install.
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "ready").touch()
    file = tmp_path / ".env"

    def make() -> str:
        # Any file will do for uv, which is not called.
        command = ["make", "--silent", f"UV={sys.executable}", ".env"]
        subprocess.run(command, cwd=tmp_path, check=True)
        return file.read_text()

    made = make()
    (tmp_path / ".env.example").touch()

    assert make() == made
    assert file.stat().st_mode & 0o077 == 0
    found = re.findall(r"^(?:SECRET_KEY|POSTGRES_PASSWORD)=(.*)$", made, re.MULTILINE)
    assert len(set(found)) == 2
    for secret in found:
        # No character that a URL, a shell or django-environ would take amiss.
        assert re.fullmatch(r"[\w-]{50,}", secret, re.ASCII)


@pytest.mark.parametrize(
    ("file", "text", "refused"),
    [
        ("settings.py", f'SECRET_KEY = "{secrets.token_urlsafe(50)}"\n', True),
        ("aws.txt", "AKIA" + "A1B2" * 4 + "\n", True),
        ("settings.py", 'SECRET_KEY = env("SECRET_KEY")\n', False),
        (".env.example", "", False),
    ],
    ids=["a key", "a token", "a setting", "the example"],
)
def test_a_secret_does_not_get_into_a_commit(
    tmp_path: Path, file: str, text: str, refused: bool
) -> None:
    hooks = (settings.BASE_DIR / ".pre-commit-config.yaml").read_text()
    hook = re.search(r"entry: \.venv/bin/(detect-secrets-hook .*)", hooks)
    assert hook
    if not text:
        text = (settings.BASE_DIR / file).read_text()
    (tmp_path / file).write_text(text)

    done = run(*hook[1].split(), file, cwd=tmp_path)

    assert (done.returncode == 1) is refused, done.stdout
