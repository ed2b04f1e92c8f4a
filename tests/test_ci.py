"""The pipelines of a baked project: each step runs here, as far as no registry is needed."""

import getpass
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests import services
from tests.conftest import Bake
from tests.support import DEFAULT, commit, run

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


@pytest.mark.long
@pytest.mark.services("postgresql")
def test_first_push_passes(install: Bake, tmp_path: Path) -> None:
    fresh = clone(install(**DEFAULT), tmp_path / "fresh")
    offline = [step for step in steps(fresh, "ci", "check") if step not in ONLINE]
    assert offline == ["make ci"]

    with services.postgresql() as url:
        report = bash(*offline, cwd=fresh, CI="true", DATABASE_URL=url)

    assert "no issues found" in report
    assert run("git", "status", "--porcelain", cwd=fresh) == ""


def test_pipelines_run_the_same_checks(bake: Bake) -> None:
    gitlab = yaml.safe_load((bake(ci="gitlab") / ".gitlab-ci.yml").read_text())

    assert gitlab["check"]["script"] == steps(bake(ci="github"), "ci", "check")


def test_pipeline_asks_for_the_least_permissions(bake: Bake) -> None:
    permissions = {}
    for path in (bake(ci="github") / ".github/workflows").iterdir():
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {}
        permissions |= {
            name: job["permissions"] for name, job in workflow["jobs"].items()
        }

    assert permissions == {
        "check": {"contents": "read"},
        "image": {"contents": "read", "packages": "write"},
        "deploy": {},
        "update": {"contents": "write", "pull-requests": "write"},
    }


@pytest.fixture
def proposed(template: Path, bake: Bake, tmp_path: Path) -> Path:
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
    shutil.copytree(bake(**DEFAULT), project)
    state = {"template": f"file://{upstream}", "commit": first, "checkout": None}
    answers = {"project_name": "My Site", "project_slug": "my_site"}
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


def test_update_of_the_template_is_proposed(proposed: Path, tmp_path: Path) -> None:
    # GitHub's own program, which asks GitHub: what it is told is all that is seen here.
    program(tmp_path / "bin/gh", f'echo "$@" >> {tmp_path}/told')
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    (step,) = steps(proposed, "update", "update")

    bash(step, cwd=proposed, **path)

    changes = run(
        "git", "diff", "--stat", "origin/main", "template-update", cwd=proposed
    )
    assert "plinth/README.md" in changes
    assert run("git", "ls-remote", "origin", "template-update", cwd=proposed)
    assert "pr create --head template-update" in (tmp_path / "told").read_text()


def test_template_without_a_url_is_no_error(proposed: Path) -> None:
    state = proposed / ".cruft.json"
    state.write_text(state.read_text().replace("file://", ""))
    (step,) = steps(proposed, "update", "update")

    assert bash(step, cwd=proposed).startswith("::notice::")


@contextmanager
def ssh_server(folder: Path, path: str) -> Iterator[int]:
    """An SSH server that knows one key, with this PATH for its commands."""
    for name in ("server", "user"):
        keygen = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
        run(*keygen, cwd=folder)
    port = services.free_port()
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/server\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nSetEnv PATH={path}\n"
    )
    command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")]
    # It wants this folder, which an init system makes.
    Path("/run/sshd").mkdir(exist_ok=True)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            services.wait_until(lambda: services.listens(port))
            yield port
        finally:
            server.terminate()


@pytest.mark.services("sshd")
@pytest.mark.skipif(os.geteuid() != 0, reason="sshd wants root")
def test_main_branch_is_deployed(bake: Bake, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(bake(**DEFAULT), project)
    # The release itself is the test's of the host.
    program(
        project / "deploy/compose/switch.sh", f'echo "switch.sh $1" >> {tmp_path}/told'
    )
    run("git", "init", "--quiet", cwd=project)
    commit(project)
    host = clone(project, tmp_path / "host")
    (project / "new.txt").touch()
    commit(project, "Next")
    revision = run("git", "rev-parse", "HEAD", cwd=project).strip()
    program(tmp_path / "bin/docker", f'echo "docker $@" >> {tmp_path}/told')
    (step,) = steps(project, "ci", "deploy")

    with ssh_server(tmp_path, f"{tmp_path}/bin:{os.environ['PATH']}") as port:
        public = (tmp_path / "server.pub").read_text()
        bash(
            step,
            cwd=project,
            RUNNER_TEMP=str(tmp_path),
            HOST=f"ssh://{getpass.getuser()}@127.0.0.1:{port}",
            FOLDER=str(host),
            KEY=(tmp_path / "user").read_text(),
            KNOWN_HOSTS=f"[127.0.0.1]:{port} {public}",
            GITHUB_SHA=revision,
            GITHUB_REPOSITORY="Owner/Site",
        )

    image = f"ghcr.io/owner/site:{revision}"
    assert (tmp_path / "told").read_text().splitlines() == [
        f"docker pull --quiet {image}",
        f"switch.sh {image}",
    ]
    assert (host / "new.txt").exists()
