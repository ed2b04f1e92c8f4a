"""`.env.example`, `.env` and the secrets in it."""

import re
import secrets
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from plinth_tests.processes import PLINTH
from plinth_tests.tools.commands import BIN, run

pytestmark = pytest.mark.practice(39)

# Chosen for a process, not for an installation.
OF_A_PROCESS = {"DJANGO_SETTINGS_MODULE", "ENV_FILE", "OWNER", "SSL_CERT_FILE"}


def source(*folders: str) -> str:
    """Return the Python code of these folders."""
    files = [
        path
        for folder in folders
        for path in (settings.BASE_DIR / folder).rglob("*.py")
    ]
    return "\n".join(path.read_text() for path in files)


def test_example_lists_the_variables_that_are_read() -> None:
    compose = (settings.BASE_DIR / "compose.yml").read_text()
    read = r"""(?:env(?:\.\w+)?|environ(?:\.get)?)[(\[]\s*["']([A-Z_]+)["']"""
    variables = set(re.findall(read, source("config")))
    variables |= set(re.findall(r"\$\{([A-Z_]+)", compose))
    example = (settings.BASE_DIR / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))

    missing = variables - OF_A_PROCESS - listed
    assert not missing, f"add {missing} to .env.example"
    used = set(re.findall(r"\w+", compose + source("apps", "config", "plinth/src")))
    unused = listed - used - OF_A_PROCESS
    assert not unused, f"remove {unused} from .env.example"


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


def test_each_secret_is_generated_once(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", ".env.example"):
        shutil.copy(settings.BASE_DIR / name, tmp_path)
    (tmp_path / "plinth").mkdir()
    for path in (*PLINTH.glob("*.mk"), PLINTH / "pyproject.toml"):
        shutil.copy(path, tmp_path / "plinth")
    # An installed environment, so that `make` has nothing to install.
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "dev").touch()
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
        # Safe in a URL, a shell and a .env file.
        assert re.fullmatch(r"[\w-]{50,}", secret, re.ASCII)


@pytest.mark.skipif(not (BIN / "detect-secrets-hook").exists(), reason="a group: lint")
def test_secret_is_refused_in_a_commit(tmp_path: Path) -> None:
    hooks = (PLINTH / "pre-commit.yaml").read_text()
    hook = re.search(r"entry: \.venv/bin/(detect-secrets-hook [^,]*)", hooks)
    assert hook
    files = {
        "key.py": f'SECRET_KEY = "{secrets.token_urlsafe(50)}"\n',
        "aws.txt": "AKIA" + "A1B2" * 4 + "\n",
        "setting.py": 'SECRET_KEY = env("SECRET_KEY")\n',
        ".env.example": (settings.BASE_DIR / ".env.example").read_text(),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    done = run(*shlex.split(hook[1]), *files, cwd=tmp_path)

    assert done.returncode == 1
    assert set(re.findall(r"Location:\s+(\S+):\d+", done.stdout)) == {
        "key.py",
        "aws.txt",
    }
