"""Every pre-commit hook of the foundation finds the error that it is for."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .commands import ROOT, configured, plant, run, without_git

pytestmark = pytest.mark.practice(30)

CONFIG = yaml.safe_load((ROOT / "plinth/pre-commit.yaml").read_text())
HOOKS = {hook["id"]: hook["name"] for hook in CONFIG["repos"][0]["hooks"]}

GOOD = {
    "apps/__init__.py": "",
    "apps/shop/__init__.py": "",
    "apps/shop/models.py": """\
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name
""",
    "apps/shop/migrations/__init__.py": "",
    "apps/shop/migrations/0001_initial.py": """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Item",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("name", models.CharField(max_length=50)),
            ],
        ),
    ]
""",
    "config/__init__.py": "",
    "manage.py": """\
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line

# The other command checks the settings of the apps.
foundation = ["plinth"] if "lint_migrations" in sys.argv else []
settings.configure(
    BASE_DIR=Path(__file__).parent, INSTALLED_APPS=[*foundation, "apps.shop"]
)
execute_from_command_line(sys.argv)
""",
    "templates/good.html": "<p>{{ name }}</p>\n",
    "Dockerfile": "FROM python:3.13\nWORKDIR /app\n",
    ".github/workflows/good.yml": """\
name: Good
on: push
permissions: {}
jobs:
  check:
    runs-on: ubuntu-24.04
    steps:
      - run: make ci
""",
    ".gitlab-ci.yml": "check:\n  script: make ci\n",
    "good.json": "{}\n",
    "renovate.json": '{"extends": []}\n',
    "good.sh": '#!/bin/sh\nrm "$1"\n',
    "good.toml": 'name = "a"\n',
    "good.yml": "name: a\n",
}
# For each hook a file with an error, or text to append to a good one.
BAD = {
    "check-added-large-files": ("large.bin", "x" * 600 * 1024),
    "check-ast": ("apps/shop/broken.py", "def\n"),
    "check-case-conflict": ("GOOD.json", "{}\n"),
    "check-json": ("bad.json", "{\n"),
    "check-merge-conflict": ("conflict.txt", "<<<<<<< mine\n=======\n>>>>>>> yours\n"),
    "check-symlinks": ("dangling", ""),
    "check-toml": ("bad.toml", "name =\n"),
    "check-yaml": ("bad.yml", "name: [\n"),
    "debug-statements": ("apps/shop/debugged.py", "breakpoint()\n"),
    "deptry": ("apps/shop/needs.py", "import no_such_package\n\nno_such_package.a()\n"),
    "detect-private-key": ("key.txt", "-----BEGIN RSA PRIVATE" + " KEY-----\n"),
    "detect-secrets": ("token.txt", "ghp_" + "a1B2" * 9 + "\n"),
    "djade": ("templates/old.html", "{% ifequal a b %}{% endif %}{%extends 'a'%}\n"),
    "django-upgrade": (
        "apps/shop/old.py",
        "from django.utils.encoding import force_text\n",
    ),
    "djlint": ("templates/inline.html", '<p style="color: red">Red</p>\n'),
    "djlint-reformat": ("templates/flat.html", "<div><div><p>One</p></div></div>\n"),
    "end-of-file-fixer": ("end.txt", "no line break"),
    "github-workflows": (".github/workflows/bad.yml", "on: push\njobs: {}\n"),
    "gitlab-ci": (".gitlab-ci.yml", "image:\n  script: make ci\n"),
    "hadolint": ("Dockerfile", "RUN cd /app\n"),
    "import-linter": ("apps/shop/wired.py", "import config\n\nconfig.a()\n"),
    "lint-migrations": (
        "apps/shop/migrations/0002_unsafe.py",
        """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RemoveField("item", "name")]
""",
    ),
    "makemigrations": (
        "apps/shop/models.py",
        "\n\nclass New(models.Model):\n    pass\n",
    ),
    "mixed-line-ending": ("mixed.txt", "one\r\ntwo\n"),
    "practices": ("apps/shop/loop.py", "for item in []:\n    item.save()\n"),
    "renovate": ("renovate.json", '{"automerge": "no"}\n'),
    "requirements": ("requirements.txt", "left==1.0\n"),
    "ruff-check": ("apps/shop/unused.py", "import os\n"),
    "ruff-format": ("apps/shop/wide.py", "a   =   1\n"),
    "shellcheck": ("unquoted.sh", "#!/bin/sh\nrm $1\n"),
    "trailing-whitespace": ("blank.txt", "blank \n"),
    "zizmor": (
        ".github/workflows/good.yml",
        "      - run: echo ${{ github.event.issue.title }}\n",
    ),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with the project's configuration and a small app."""
    folder = configured(tmp_path_factory.mktemp("hooks") / "project")
    for name, text in GOOD.items():
        plant(folder, name, text)
    (folder / "good.sh").chmod(0o755)
    git(folder, "init", "--quiet")
    (folder / ".git/info/exclude").write_text(".uv\n.venv\n")
    git(folder, "add", ".")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git(folder, *identity, "commit", "--quiet", "--no-verify", "--message=Release")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


def git(folder: Path, *arguments: str) -> None:
    command = [shutil.which("git") or "git", *arguments]
    subprocess.run(command, cwd=folder, env=without_git(), check=True)


def pre_commit(folder: Path, *arguments: str, skip: str = "") -> str:
    env = without_git() | {
        "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
        # The environment looks for the foundation beside itself.
        "PYTHONPATH": str(ROOT / "plinth/src"),
        "MIGRATIONS_BASE": "",
        "SKIP": skip,
    }
    return run("pre-commit", "run", *arguments, cwd=folder, env=env).stdout


def test_good_files_pass(repository: Path) -> None:
    # Both judge the whole project by its own pyproject.toml.
    skip = "deptry,import-linter"
    if not (ROOT / "uv.lock").exists():
        skip += ",requirements"

    output = pre_commit(
        repository, "--config=plinth/pre-commit.yaml", "--all-files", skip=skip
    )

    assert output.count("Passed") > len(HOOKS) // 2
    assert "Failed" not in output, output


def failing(folder: Path, files: list[tuple[str, str]], *arguments: str) -> str:
    """Write these files, or append to them, and return the hooks' output."""
    for name, text in files:
        if name == "dangling":
            (folder / name).symlink_to("nowhere")
        else:
            with (folder / name).open("a", newline="") as file:
                file.write(text)
    git(folder, "add", ".")
    return pre_commit(folder, *arguments, "--files", *(name for name, _ in files))


@pytest.mark.practice(31)
def test_each_hook_finds_its_error(repository: Path, subtests: pytest.Subtests) -> None:
    assert BAD.keys() == {*HOOKS}
    # The project's own hooks, which run the foundation's.
    output = failing(
        repository, [bad for hook, bad in BAD.items() if hook != "check-ast"]
    )
    # No other hook reads a module that is not Python: it comes last.
    foundation = "--config=plinth/pre-commit.yaml"
    output += failing(repository, [BAD["check-ast"]], foundation, "check-ast")

    failed = re.findall(r"^- hook id: (\S+)", output, re.MULTILINE)
    for hook, name in HOOKS.items():
        with subtests.test(hook):
            if re.search(rf"^{re.escape(name)}\.+Skipped$", output, re.MULTILINE):
                pytest.skip(f".pre-commit-config.yaml leaves {hook} out")
            assert hook in failed
