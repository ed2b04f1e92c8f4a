"""The pipelines of a baked project: each step runs here, as far as no registry is needed."""

import json
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import services
from tests.conftest import Bake
from tests.support import DEFAULT, REPOSITORY, commit, run

# Commands that need an image registry, a scanner's image or a database of vulnerabilities.
ONLINE = ("docker ", "make audit", "make scan")


def steps(project: Path, workflow: str, job: str) -> list[str]:
    file = project / f".github/workflows/{workflow}.yml"
    jobs = yaml.safe_load(file.read_text())["jobs"]
    return [step["run"] for step in jobs[job]["steps"] if "run" in step]


def bash(script: str, cwd: Path, **env: str) -> str:
    """Run a step as a runner does: it ends at the first command that fails."""
    return run("bash", "-e", "-o", "pipefail", "-c", script, cwd=cwd, env=env)


def clone(project: Path, folder: Path) -> Path:
    run("git", "clone", "--quiet", project, folder, cwd=project)
    if (project / ".uv").exists():
        (folder / ".uv").symlink_to((project / ".uv").resolve())
        (folder / ".git/info/exclude").write_text(".uv\n")
    return folder


def push(project: Path, folder: Path, **env: str) -> None:
    """Do as the first job of the pipeline: clone, and run its commands on PostgreSQL."""
    fresh = clone(project, folder)
    offline = [step for step in steps(fresh, "ci", "check") if step not in ONLINE]
    assert offline == ["make ci"]

    with services.postgresql() as url:
        report = bash(offline[0], cwd=fresh, CI="true", DATABASE_URL=url, **env)

    assert "no issues found" in report
    assert run("git", "status", "--porcelain", cwd=fresh) == ""


# With a day's work in it: test_everyday.py.
@pytest.mark.scale
@pytest.mark.services("postgresql")
def test_first_push_passes(install: Bake, tmp_path: Path) -> None:
    push(install(**DEFAULT), tmp_path / "fresh")


def test_pipelines_run_the_same_checks(bake: Bake) -> None:
    gitlab = yaml.safe_load((bake(ci="gitlab") / ".gitlab-ci.yml").read_text())

    assert gitlab["check"]["script"] == steps(bake(ci="github"), "ci", "check")
    # Of a merge request, GitLab fetches the other branches with a depth of 0 alone.
    assert gitlab["check"]["variables"]["GIT_DEPTH"] == "0"


def test_pipeline_asks_for_the_least_permissions(bake: Bake) -> None:
    permissions: dict[str, Any] = {}
    for path in (bake(ci="github") / ".github/workflows").iterdir():
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {}
        permissions |= {
            name: job["permissions"] for name, job in workflow["jobs"].items()
        }

    assert permissions == {
        "check": {"contents": "read"},
        "image": {"contents": "read", "packages": "write"},
        "deploy": {"contents": "read"},
        "update": {"contents": "write", "pull-requests": "write"},
    }


@pytest.fixture(params=["github", "gitlab"])
def proposed(
    request: pytest.FixtureRequest, template: Path, bake: Bake, tmp_path: Path
) -> Path:
    """A project with a remote, whose template has had a new version since."""
    upstream = tmp_path / "plinth"
    shutil.copytree(template, upstream)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=upstream)
    commit(upstream)
    first = run("git", "rev-parse", "HEAD", cwd=upstream).strip()
    readme = upstream / "{{cookiecutter.project_slug}}/plinth/README.md"
    readme.write_text(f"{readme.read_text()}\nOne line more\n")
    commit(upstream, "Next")

    project = tmp_path / "project"
    shutil.copytree(bake(ci=request.param), project)
    state: dict[str, Any] = {
        "template": f"file://{upstream}",
        "commit": first,
        "checkout": None,
    }
    answers = {"project_name": "My Site", "project_slug": "my_site"}
    answers["ci"] = request.param
    state |= {"directory": None, "context": {"cookiecutter": answers}}
    (project / ".cruft.json").write_text(json.dumps(state))
    run("git", "init", "--quiet", "--initial-branch=main", cwd=project)
    commit(project)
    run("git", "clone", "--quiet", "--bare", project, "origin.git", cwd=tmp_path)
    clone(tmp_path / "origin.git", tmp_path / "clone")
    return tmp_path / "clone"


def program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def update(project: Path) -> str:
    """Do as the job that proposes the template's newest version, of either pipeline."""
    folder = project.parent
    # GitHub's own program, which asks GitHub: what it is told is all that is seen here.
    program(folder / "bin/gh", f'echo "$@" >> {folder}/told')
    gitlab = project / ".gitlab-ci.yml"
    if gitlab.exists():
        script = "\n".join(yaml.safe_load(gitlab.read_text())["update"]["script"])
    else:
        (script,) = steps(project, "update", "update")
    return bash(
        script,
        cwd=project,
        PATH=f"{folder}/bin:{os.environ['PATH']}",
        UPDATE_TOKEN="secret",
        CI_SERVER_URL="https://gitlab.example",
        CI_PROJECT_PATH="owner/site",
        GITLAB_USER_EMAIL="ann@example.com",
    )


def test_update_of_the_template_is_proposed(proposed: Path, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    run("git", "config", "receive.advertisePushOptions", "true", cwd=origin)
    address = "https://update:secret@gitlab.example/owner/site.git"
    run("git", "config", f"url.{origin}.insteadOf", address, cwd=proposed)

    update(proposed)

    changes = run("git", "diff", "--stat", "main", "template-update", cwd=origin)
    assert "plinth/README.md" in changes
    if not (proposed / ".gitlab-ci.yml").exists():
        assert "pr create --head template-update" in (tmp_path / "told").read_text()

    # A commit of a reviewer is not overwritten, by a runner that still has the clone.
    (proposed / "README.md").write_text("Mended\n")
    commit(proposed, "Mended")
    run("git", "push", "--quiet", origin, "template-update", cwd=proposed)
    run("git", "checkout", "--quiet", "--detach", "origin/main", cwd=proposed)
    run("git", "clean", "-ffdxq", "--exclude=.uv", cwd=proposed)
    with pytest.raises(pytest.fail.Exception, match="template-update has a commit by"):
        update(proposed)
    assert "Mended" in run("git", "log", "-1", "template-update", cwd=origin)


def test_template_without_a_url_is_no_error(proposed: Path) -> None:
    state = proposed / ".cruft.json"
    state.write_text(state.read_text().replace("file://", ""))

    assert "there is nothing to update from" in update(proposed)


def test_tools_that_are_pinned_are_renovated(template: Path) -> None:
    managers = json.loads((REPOSITORY / "renovate.json").read_text())["customManagers"]
    found = set()
    for manager in managers:
        [place] = (pattern.strip("/") for pattern in manager["managerFilePatterns"])
        [pattern] = (text.replace("(?<", "(?P<") for text in manager["matchStrings"])
        found |= {
            manager.get("depNameTemplate") or match["depName"]
            for path in template.rglob("*")
            if re.search(place, str(path.relative_to(template))) and path.is_file()
            for match in re.finditer(pattern, path.read_text())
        }

    assert found == {
        *("cruft", "pip-audit", "pysonar"),
        *("anchore/grype", "anchore/syft", "kubernetes/kubernetes"),
    }


@pytest.mark.parametrize("event", ["", "push", "workflow_dispatch"])
def test_template_is_released_when_all_its_checks_have_passed(
    tmp_path: Path, event: str
) -> None:
    workflow = yaml.safe_load(
        (REPOSITORY / ".github/workflows/release.yml").read_text()
    )
    check, release = (
        step["run"] for step in workflow["jobs"]["release"]["steps"] if "run" in step
    )
    # GitHub's runs of the workflow that have passed on the commit.
    program(tmp_path / "bin/gh", f"echo {event}")
    env = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_SHA": "0123456789abcdef",
    }

    assert "gh release create" in release
    if event == "workflow_dispatch":
        bash(check, cwd=tmp_path, **env)
    else:
        with pytest.raises(pytest.fail.Exception, match="CI has not passed"):
            bash(check, cwd=tmp_path, **env)


def test_main_branch_is_deployed(bake: Bake, tmp_path: Path) -> None:
    """What the playbook does is test_ansible's."""
    (step,) = steps(bake(ci="github"), "ci", "deploy")
    program(tmp_path / "bin/make", f'printf "%s\\n" "$@" > {tmp_path}/told')

    bash(
        step,
        cwd=tmp_path,
        PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
        RUNNER_TEMP=str(tmp_path),
        HOST="deploy@203.0.113.5",
        KEY="a key",
        KNOWN_HOSTS="203.0.113.5 ssh-ed25519 AAAA",
        GITHUB_REPOSITORY="Owner/Site",
    )

    assert (tmp_path / "told").read_text().splitlines() == [
        "deploy",
        "HOST=deploy@203.0.113.5",
        "ARGS=--extra-vars registry=ghcr.io/owner/site",
    ]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert "203.0.113.5" in (tmp_path / "known_hosts").read_text()


def test_main_branch_is_deployed_to_a_cluster(bake: Bake, tmp_path: Path) -> None:
    """What `make deploy` does there is test_kubernetes's."""
    project = tmp_path / "project"
    shutil.copytree(bake(ci="github", deploy="kubernetes"), project)
    (step,) = steps(project, "ci", "deploy-to-cluster")
    program(tmp_path / "bin/make", f'printf "%s\\n" "$@" > {tmp_path}/told')

    bash(
        step,
        cwd=project,
        PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
        KUBECONFIG=str(tmp_path / "kubeconfig"),
        CONFIG="kind: Config",
        CONTEXT="production",
        SECRETS="SECRET_KEY=a-key",
        GITHUB_REPOSITORY="Owner/Site",
        GITHUB_SHA="0123456789abcdef",
    )

    assert (tmp_path / "told").read_text().splitlines() == [
        "deploy",
        "CONTEXT=production",
        "IMAGE=ghcr.io/owner/site:0123456789ab",
    ]
    secrets = project / "deploy/kubernetes/overlays/production/secrets.env"
    for file in (tmp_path / "kubeconfig", secrets):
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("deploy", ["compose", "systemd", "kubernetes", "none"])
def test_pipelines_deploy_as_was_answered(bake: Bake, deploy: str) -> None:
    workflow = bake(ci="github", deploy=deploy) / ".github/workflows/ci.yml"
    jobs = {*yaml.safe_load(workflow.read_text())["jobs"]}
    gitlab = bake(ci="gitlab", deploy=deploy) / ".gitlab-ci.yml"
    job = {"kubernetes": {"deploy-to-cluster"}, "none": set()}

    assert jobs - {"check", "image"} == job.get(deploy, {"deploy"})
    found = {name for name in yaml.safe_load(gitlab.read_text()) if "deploy" in name}
    assert found == job.get(deploy, {"deploy"})
