"""Projects keep up: cruft takes them to today's template and between the options."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import PROJECT, REPOSITORY, Say, commit, refusal, run

CRUFT = (sys.executable, "-m", "cruft")
CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text()
# A moved file that its owner changed is left where it was, and the new one is whole.
NO_RENAMES = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "diff.renames",
    "GIT_CONFIG_VALUE_0": "false",
}
# A git that does not know its user, whose name would be an answer.
NO_NAME = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
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
    run(*CRUFT, "update", "--skip-apply-ask", *variables, cwd=project, env=NO_RENAMES)
    run(*CRUFT, "check", cwd=project)


def content(project: Path) -> dict[str, bytes | None]:
    """Every file and folder, but for what git and cruft keep for themselves."""
    return {
        name: path.read_bytes() if path.is_file() else None
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


def test_changelog_and_package_have_the_same_version() -> None:
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert VERSIONS[0] == pyproject["project"]["version"]


def test_changelog_gives_the_command_that_is_tested() -> None:
    variables = " ".join(f"{name}={value}" for name, value in NO_RENAMES.items())
    assert f"    {variables} cruft update\n" in CHANGELOG


def test_new_project_is_up_to_date(upstream: Path, bake: Bake) -> None:
    project = create(upstream, "new")
    run(*CRUFT, "check", cwd=project)
    assert run(*CRUFT, "diff", cwd=project) == ""
    assert content(project) == content(bake())


def test_make_new_writes_what_an_update_needs(upstream: Path) -> None:
    created = json.loads((create(upstream, "cruft") / ".cruft.json").read_text())
    created["checkout"] = None
    answers = created["context"]["cookiecutter"]
    created["context"]["cookiecutter"] = {
        name: answers[name] for name in answers if not name.startswith("_")
    }
    # A commit that is nowhere else: the update asks the clone.
    run("git", "remote", "remove", "origin", cwd=upstream)

    run(sys.executable, "bake.py", "--no-input", cwd=upstream, env=NO_NAME)

    project = upstream.with_name("my_site")
    assert json.loads((project / ".cruft.json").read_text()) == created
    run("git", "init", "--quiet", cwd=project)
    commit(project)
    release_next(upstream)
    update(project)
    assert (project / "plinth/src/plinth/next.py").exists()


def test_make_new_names_the_remote_without_a_password(upstream: Path) -> None:
    pushed = ("update-ref", "refs/remotes/origin/main", "HEAD")
    run("git", *pushed, cwd=upstream)
    address = "https://me:secret@example.com/plinth.git"
    run("git", "remote", "set-url", "origin", address, cwd=upstream)

    run(sys.executable, "bake.py", "--no-input", cwd=upstream)

    state = json.loads((upstream.with_name("my_site") / ".cruft.json").read_text())
    assert state["template"] == "https://example.com/plinth.git"


def test_project_of_the_last_release_takes_todays_template(
    upstream: Path, bake: Bake, tmp_path: Path
) -> None:
    project = create(upstream, "old", checkout=last_release(upstream))
    edit(project)
    commit(project, "Ours")
    update(project)
    # Equal to the letter: neither a .rej file nor a conflict, and the edit is there.
    assert content(project) == content(edited(bake(), tmp_path))


USERS = """
from apps.accounts.models import User
User.objects.create_user("ann@example.com", "a long and quiet password")
User.objects.create_superuser("root@example.com", "a long and quiet password")
"""
SIGN_IN = """
from django.test import Client
for email in ("ann@example.com", "root@example.com"):
    client = Client(HTTP_HOST="localhost")
    form = {"username": email, "password": "a long and quiet password"}
    page = client.post("/accounts/sign-in/", form, follow=True)
    account = client.get("/api/v1/account/")
    print(page.request["PATH_INFO"], account.json()["email"])
"""


@pytest.mark.long
def test_project_of_the_last_release_with_users_takes_sign_up_and_an_api(
    upstream: Path,
) -> None:
    """By the changelog's commands, and `make`: nothing is done by hand."""
    project = create(upstream, "users", checkout=last_release(upstream))
    if (REPOSITORY / ".uv").exists():
        (project / ".uv").symlink_to(REPOSITORY / ".uv")
        (project / ".git/info/exclude").write_text(".uv\n")
    shell = (".venv/bin/python", "manage.py", "shell", "--command")
    run("make", "setup", "migrate", cwd=project)
    run(*shell, USERS, cwd=project)
    commit(project, "Users")

    run("make", "update", cwd=project)
    assert not trouble(project)
    commit(project, "Today")
    # With sign-up, which is the default of its question.
    answers = re.findall(
        r"`uvx cruft update --variables-to-update '(.*?)'`",
        CHANGELOG.partition("## 0")[0],
    )
    [chosen] = [each for each in map(json.loads, answers) if "rest_api" in each]
    update(project, **chosen)
    assert not trouble(project)
    run("make", "setup", "migrate", "check", "test", cwd=project)

    printed = run(*shell, SIGN_IN, cwd=project).splitlines()
    assert [line for line in printed if line.startswith("/")] == [
        "/accounts/profile/ ann@example.com",
        "/accounts/profile/ root@example.com",
    ]


def test_project_of_today_takes_the_next_version(
    upstream: Path, tmp_path: Path
) -> None:
    project = create(upstream, "today")
    edit(project)
    commit(project, "Ours")
    release_next(upstream)

    refusal(*CRUFT, "check", cwd=project)
    update(project)
    assert content(project) == content(edited(create(upstream, "next"), tmp_path))
    assert "3.2.1" in run(*CRUFT, "diff", cwd=project)


def test_make_update_takes_the_next_version(upstream: Path) -> None:
    project = create(upstream, "target")
    if (REPOSITORY / ".uv").exists():
        (project / ".uv").symlink_to(REPOSITORY / ".uv")
        (project / ".git/info/exclude").write_text(".uv\n")
    run("make", "setup", cwd=project)
    edit(project)
    commit(project, "Ours")
    release_next(upstream)

    run("make", "update", cwd=project)

    assert (project / "plinth/src/plinth/next.py").exists()
    assert "3.2.1" in (project / "pyproject.toml").read_text()
    assert not trouble(project)

    commit(project, "Next version")
    (project / ".cruft.json").unlink()
    [line, *_] = refusal("make", "update", cwd=project)
    assert line.startswith("No .cruft.json names the template; create it once: ")


def release_next(upstream: Path) -> None:
    """Change, add and delete a file of the foundation, and of the owner's."""
    new = upstream / PROJECT
    foundation = new / "plinth/src/plinth"
    changed = foundation / "env.py"
    changed.write_text(f"VERSION = 2\n{changed.read_text()}VERSION = 3\n")
    (foundation / "next.py").write_text("NEXT = True\n")
    (foundation / "forms.py").unlink()
    # Next to the version, which an owner changes.
    pyproject = new / "pyproject.toml"
    text, found = re.subn(
        r"(?m)^dependencies = ", r"# Next.\n\g<0>", pyproject.read_text()
    )
    assert found == 1
    pyproject.write_text(text)
    (new / "docs/next.md").write_text("# {{ cookiecutter.project_name }}\n")
    (new / ".editorconfig").unlink()
    commit(upstream, "Next version")


def change_all(project: Path) -> list[str]:
    """Change every file of the owner's, at its end; return their names."""
    names = run("git", "ls-files", cwd=project).splitlines()
    own = [name for name in names if not name.startswith(("plinth/", ".cruft"))]
    for name in own:
        with (project / name).open("a") as file:
            file.write("\n# Ours\n")
    commit(project, "Ours")
    return own


def trouble(project: Path) -> list[str]:
    """The files that an update left to a person: conflicts, and parts that did not fit."""
    status = run("git", "status", "--porcelain", "--untracked-files=all", cwd=project)
    return [
        name
        for code, name in (line.split(maxsplit=1) for line in status.splitlines())
        if "U" in code or code == "AA" or name.endswith((".rej", ".orig"))
    ]


@pytest.mark.parametrize("start", ["the last release", "today"])
def test_owner_may_change_every_file_and_gets_the_next_foundation(
    upstream: Path, start: str, record_property: Say
) -> None:
    old = last_release(upstream) if start == "the last release" else "HEAD"
    project = create(upstream, "changed", checkout=old)
    own = change_all(project)
    if start == "today":
        release_next(upstream)

    update(project)

    left = trouble(project)
    record_property(
        "summary", f"of {len(own)} changed files, {len(left)} are to be merged: {left}"
    )
    assert not [name for name in left if name.startswith("plinth/")]
    next_one = create(upstream, "next")
    assert content(project / "plinth") == content(next_one / "plinth")
    # What the template did not change is as its owner left it.
    merged = [name for name in own if (project / name).exists() and name not in left]
    assert all((project / name).read_bytes().endswith(b"\n# Ours\n") for name in merged)


def test_option_is_switched_on_and_off_by_an_update(upstream: Path, bake: Bake) -> None:
    project = create(upstream, "plain", use_celery=False)
    assert content(project) == content(bake(use_celery=False))
    update(project, use_celery=True)
    assert content(project) == content(bake(use_celery=True))
    commit(project, "Celery")
    update(project, use_celery=False)
    assert content(project) == content(bake(use_celery=False))


def test_choices_are_changed_by_an_update(upstream: Path, bake: Bake) -> None:
    project = create(upstream, "other")
    answers = {"media_storage": "gcs", "error_tracking": "newrelic", "license": "MIT"}
    update(project, **answers)
    assert content(project) == content(bake(**answers))
