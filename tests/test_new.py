"""A fresh machine: make, git and a Python are enough; what is missing is named."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import PROJECT, commit, refusal, run

TOOLS = ["sh", "make", "git", "awk", "basename", "cat", "dirname", "env", "grep", "rm"]
TOOLS += ["sed", "touch", "uname"]
PYTHON = Path(sys.executable).resolve()
UV = os.environ["UV"]  # the one that runs these tests: `uv run` sets it

# What a newcomer types, in the template and in a project.
COMMANDS = {
    "template": ("make", "new", "ARGS=--no-input --output-dir baked"),
    "project": ("make", "setup"),
}
both = pytest.mark.parametrize("folder", COMMANDS)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The only folder on PATH: a few tools, neither Python nor uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


@pytest.fixture
def machine(tools: Path) -> dict[str, str]:
    return {"PATH": str(tools)}


@pytest.fixture
def folders(template: Path, bake: Bake, tmp_path: Path) -> dict[str, Path]:
    """Copies of the template and of a project; the path has a blank in it."""
    home = tmp_path / "my work"
    return {
        "template": shutil.copytree(template, home / "plinth"),
        "project": shutil.copytree(bake(), home / "site", symlinks=True),
    }


@both
def test_python_alone_is_enough(
    folder: str, folders: dict[str, Path], tools: Path, machine: dict[str, str]
) -> None:
    (tools / "python3").symlink_to(PYTHON)
    run(*COMMANDS[folder], cwd=folders[folder], env=machine)
    assert (folders[folder] / ".uv/bin/uv").exists()
    ready = {"template": "baked/my_site/manage.py", "project": ".venv/bin/django-admin"}
    assert (folders[folder] / ready[folder]).exists()


@both
def test_installed_uv_is_used(
    folder: str, folders: dict[str, Path], tools: Path, machine: dict[str, str]
) -> None:
    (tools / "python3").symlink_to(PYTHON)
    (tools / "uv").symlink_to(UV)
    run("make", ".venv/bin/python", cwd=folders[folder], env=machine)
    assert (folders[folder] / ".venv/bin/python").exists()
    assert not (folders[folder] / ".uv").exists()


def test_moved_project_still_works(folders: dict[str, Path]) -> None:
    run("make", "setup", cwd=folders["project"])
    moved = folders["project"].rename(folders["project"].with_name("moved"))

    run(".venv/bin/python", "manage.py", "check", cwd=moved)


def test_interrupted_installation_is_repeated(folders: dict[str, Path]) -> None:
    project = folders["project"]
    run("make", "setup", cwd=project)
    # As a kill leaves it: uv takes the package for installed, and half of it is missing.
    (django,) = (project / ".venv/lib").glob("*/site-packages/django")
    shutil.rmtree(django / "core")
    (project / ".venv/dev").unlink()
    (project / ".venv/unfinished").touch()

    run("make", "setup", cwd=project)

    run(".venv/bin/python", "manage.py", "check", cwd=project)
    assert not (project / ".venv/unfinished").exists()


def test_ignored_files_are_neither_baked_nor_lost(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    template = folders["template"]
    run("git", "init", "--quiet", cwd=template)
    caches = template / PROJECT / ".ruff_cache"
    caches.mkdir()
    (caches / "content").write_bytes(b"\x89\xff")
    (template / PROJECT / ".env").write_text("SECRET_KEY=of-a-contributor\n")

    run("make", "new", f"ARGS=--no-input --output-dir {tmp_path}/baked", cwd=template)

    assert (caches / "content").exists()
    assert (template / PROJECT / ".env").exists()
    baked = {path.name for path in (tmp_path / "baked/my_site").iterdir()}
    assert "manage.py" in baked
    assert not baked & {".ruff_cache", ".env"}


def test_projects_are_baked_one_after_the_other(folders: dict[str, Path]) -> None:
    """Each of them a repository: beside the clone by default, and inside it."""
    template = folders["template"]
    run("git", "init", "--quiet", cwd=template)
    commit(template)
    (template / "notes").symlink_to(template.parent, target_is_directory=True)

    for options, slug in {"": "one", "-o .": "two", "--output-dir=.": "three"}.items():
        run(
            "make",
            "new",
            f"ARGS=--no-input {options} project_slug={slug}",
            cwd=template,
        )
        project = (template if options else template.parent) / slug
        run("git", "init", "--quiet", cwd=project)
        commit(project)


def test_template_inside_another_repository_leaves_it_unchanged(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    outer = folders["template"].parent
    run("git", "init", "--quiet", cwd=outer)
    (outer / ".gitignore").write_text("*\n")
    (outer / "notes.txt").write_text("mine\n")

    run(
        *("make", "new", f"ARGS=--no-input --output-dir {tmp_path}/baked"),
        cwd=folders["template"],
    )

    assert (outer / "notes.txt").exists()
    assert (tmp_path / "baked/my_site/manage.py").exists()


@both
def test_missing_python_is_reported_in_one_line(
    folder: str, folders: dict[str, Path], machine: dict[str, str]
) -> None:
    # By name, since PATH can't hide the one that plinth/uv.mk calls by its path.
    lines = refusal(
        *COMMANDS[folder], "PYTHONS=python3", cwd=folders[folder], env=machine
    )
    (line,) = lines
    assert line.startswith("No Python that can create environments was found: install")
    assert not (folders[folder] / ".uv").exists()


@both
def test_old_python_is_reported_in_one_line(
    folder: str,
    folders: dict[str, Path],
    tools: Path,
    machine: dict[str, str],
    tmp_path: Path,
) -> None:
    (tools / "uv").symlink_to(UV)
    old = tools / "python3"
    old.write_text("#!/bin/sh\necho Python 3.9.2\n")
    old.chmod(0o755)
    none_fetched = {
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    lines = refusal(*COMMANDS[folder], cwd=folders[folder], env=machine | none_fetched)
    assert lines == [
        "No Python 3.12 or newer was found, and downloading one failed: install one."
    ]
    assert not (folders[folder] / ".venv").exists()


@both
def test_environment_without_its_python_is_recreated(
    folder: str, folders: dict[str, Path], tools: Path, machine: dict[str, str]
) -> None:
    (tools / "python3").symlink_to(PYTHON)
    (tools / "uv").symlink_to(UV)
    run("make", ".venv/bin/python", cwd=folders[folder], env=machine)
    python = folders[folder] / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3.13")
    run("make", ".venv/bin/python", cwd=folders[folder], env=machine)
    run(python, "--version", cwd=folders[folder])
