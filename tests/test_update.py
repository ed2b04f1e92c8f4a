"""Projects keep up: cruft takes them to today's template and between the options."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import PROJECT, REPOSITORY, commit, refusal, run

CRUFT = (sys.executable, "-m", "cruft")
CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text()
# Newest first.
VERSIONS = re.findall(
    r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE
)


@pytest.fixture
def upstream(template: Path, tmp_path: Path) -> Path:
    """A clone of this repository; its last commit holds what is not committed yet."""
    clone = tmp_path / "plinth"
    run("git", "clone", "--quiet", REPOSITORY, clone, cwd=tmp_path)
    run("git", "rm", "-r", "--quiet", ".", cwd=clone)
    shutil.copytree(template, clone, dirs_exist_ok=True)
    run("git", "add", "--all", cwd=clone)
    if run("git", "status", "--porcelain", cwd=clone):
        commit(clone, "Not committed yet")
    return clone


def last_release(upstream: Path) -> str:
    """The commit that brought a version's heading into the changelog, before the last.

    The history is asked, since a clone may lack tags. Until a release has commits after
    it, the last commit stands in for it.
    """
    head = run("git", "rev-parse", "HEAD", cwd=upstream).strip()
    for version in VERSIONS:
        pickaxe = ("git", "log", "--format=%H", "-S", f"## {version} - ")
        *_, first = run(*pickaxe, "--", "CHANGELOG.md", cwd=upstream).split()
        if first != head:
            print(f"{version} is {first}")
            return first
    print(f"No release before the last commit, which stands in: {head}")
    return head


def create(
    upstream: Path, folder: str, checkout: str = "HEAD", **answers: object
) -> Path:
    """Make a project with cruft, and commit it as people do."""
    home = upstream.with_name(folder)
    options = ("--checkout", checkout, "--output-dir", home, "--no-input")
    extra = ("--extra-context", json.dumps(answers))
    run(*CRUFT, "create", upstream, *options, *extra, cwd=upstream)
    (project,) = home.iterdir()
    run("git", "init", "--quiet", cwd=project)
    commit(project)
    return project


def update(project: Path, **answers: object) -> None:
    """Update with cruft, to other answers where some are given."""
    variables = ("--variables-to-update", json.dumps(answers)) if answers else ()
    run(*CRUFT, "update", "--skip-apply-ask", *variables, cwd=project)
    run(*CRUFT, "check", cwd=project)


def content(project: Path) -> dict[str, str | None]:
    """Every file and folder, but for what git and cruft keep for themselves."""
    return {
        name: path.read_text() if path.is_file() else None
        for path in sorted(project.rglob("*"))
        if not (name := str(path.relative_to(project))).startswith((".git/", ".cruft"))
        and name != ".git"
    }


def edit(project: Path) -> None:
    """What people do: change a file of the template's, and add one."""
    pyproject = project / "pyproject.toml"
    pyproject.write_text(
        re.sub(r"(?m)^version = .*", 'version = "3.2.1"', pyproject.read_text())
    )
    (project / "OURS.md").write_text("Ours\n")


def edited(project: Path, folder: Path) -> Path:
    """A copy of a project, with the edit in it."""
    copy = shutil.copytree(project, folder / project.name, symlinks=True)
    edit(copy)
    return copy


def test_the_changelog_and_the_package_name_the_same_version() -> None:
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert VERSIONS[0] == pyproject["project"]["version"]


def test_a_new_project_is_up_to_date(upstream: Path, bake: Bake) -> None:
    project = create(upstream, "new")
    run(*CRUFT, "check", cwd=project)
    assert run(*CRUFT, "diff", cwd=project) == ""
    assert content(project) == content(bake())


def test_a_project_of_the_last_release_takes_todays_template(
    upstream: Path, bake: Bake, tmp_path: Path
) -> None:
    project = create(upstream, "old", checkout=last_release(upstream))
    edit(project)
    commit(project, "Ours")
    update(project)
    # Equal to the letter: neither a .rej file nor a conflict, and the edit is there.
    assert content(project) == content(edited(bake(), tmp_path))


def test_a_project_of_today_takes_the_next_version(
    upstream: Path, tmp_path: Path
) -> None:
    project = create(upstream, "today")
    edit(project)
    commit(project, "Ours")

    # Next to the edit a line changes, a file comes and a file goes.
    pyproject = upstream / PROJECT / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(
        text.replace('"whitenoise~=', '"a-new-package~=1.0",\n    "whitenoise~=')
    )
    (upstream / PROJECT / "docs").mkdir(exist_ok=True)
    (upstream / PROJECT / "docs/next.md").write_text(
        "# {{ cookiecutter.project_name }}\n"
    )
    (upstream / PROJECT / ".editorconfig").unlink()
    commit(upstream, "Next version")

    refusal(*CRUFT, "check", cwd=project)
    update(project)
    assert content(project) == content(edited(create(upstream, "next"), tmp_path))
    assert (project / "docs/next.md").read_text() == "# My Site\n"
    assert "a-new-package" in (project / "pyproject.toml").read_text()
    assert "3.2.1" in run(*CRUFT, "diff", cwd=project)


def test_an_option_is_switched_on_and_off_afterwards(
    upstream: Path, bake: Bake
) -> None:
    project = create(upstream, "plain", use_celery=False)
    assert content(project) == content(bake(use_celery=False))
    update(project, use_celery=True)
    assert content(project) == content(bake(use_celery=True))
    commit(project, "Celery")
    update(project, use_celery=False)
    assert content(project) == content(bake(use_celery=False))


def test_other_choices_are_made_afterwards(upstream: Path, bake: Bake) -> None:
    project = create(upstream, "other")
    answers = {"media_storage": "gcs", "error_tracking": "newrelic", "license": "MIT"}
    update(project, **answers)
    assert content(project) == content(bake(**answers))
