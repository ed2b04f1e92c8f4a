"""deploy/ansible: its playbooks, run on this machine in a folder.

Programs that record stand for Docker, or for systemd and the site's Python. What needs root
(packages, users, firewall) and a real engine is left to the template's tests.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

pytestmark = pytest.mark.practice(50)

ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
PLAYBOOKS = settings.BASE_DIR / "deploy" / "ansible"
# Knows the images that were built, and whether the site was started.
DOCKER = r"""#!/bin/sh
cd -P . && state=$(dirname "$0")
echo "$*" >>"$state/log"
case $* in
"image inspect "*) grep -qx "$3" "$state/images" ;;
"build "*) echo "$5" >>"$state/images" ;;
"compose ps --all "*) echo '{"Image":"trial:old"}' ;;
"compose ps "*nginx) cat "$state/running" ;;
"compose up --detach --wait") echo nginx >"$state/running" ;;
*x-upstream*) sed -n 's|.*\(unix:/run/app/[a-z]*\.sock\).*|\1|p' upstream.conf ;;
*"sh -euc "*) shift 6 && sh -euc "$(echo "$1" | sed "s|/run/app|$state|g")" ;;
esac
"""
TARGET = "compose" if (settings.BASE_DIR / "deploy/compose").exists() else "systemd"
# Knows what runs. nginx serves what its file says.
PROGRAMS = {
    "docker": DOCKER,
    "systemctl": r"""#!/bin/sh
state=$(dirname "$0")
echo "$*" >>"$state/log"
case $* in
"is-active --quiet "*) grep -qx "$3" "$state/running" ;;
"start "*) echo "$2" >>"$state/running" ;;
esac
""",
    "curl": r"""#!/bin/sh
sed -n 's|.*\(unix:/run/app/[a-z]*\.sock\).*|\1|p' upstream.conf 2>/dev/null || true
""",
    "ps": "#!/bin/sh\n",
}
# Instead of the scripts of deploy/systemd that need root.
SCRIPTS = {
    "python.sh": "#!/bin/sh\n",
    "servers.sh": "#!/bin/sh\n",
    "release.sh": r"""#!/bin/sh
release=../../releases/$(printf %.12s "$1")
mkdir -p "$release/staticfiles" && touch "$release/.env"
""",
}


class Host:
    """A folder in place of a host, and the project that is deployed to it."""

    def __init__(self, folder: Path) -> None:
        self.project, self.folder = folder / "project", folder / "host"
        self.state = folder / "docker"
        shutil.copytree(settings.BASE_DIR / "deploy", self.project / "deploy")
        shutil.copytree(
            settings.BASE_DIR / "plinth/ansible_plugins",
            self.project / "plinth/ansible_plugins",
        )
        if TARGET == "systemd":
            for name, script in SCRIPTS.items():
                (self.project / "deploy/systemd" / name).write_text(script)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message", "Release")
        self.state.mkdir()
        for name in ("images", "log", "running"):
            (self.state / name).touch()
        for name, script in PROGRAMS.items():
            (self.state / name).write_text(script)
            (self.state / name).chmod(0o755)
        (self.state / "access.log").touch()

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        command = ["git", "-C", str(self.project), *who, *words]
        subprocess.run(command, check=True)

    def play(self, playbook: str, **variables: str) -> str:
        """Run a playbook; return what it prints, and `code=` with its exit code."""
        said = {
            "folder": str(self.folder),
            "site": "trial",
            "registry": "",
            "site_variables": {},
            "compose_files": ["monitoring.yml"],
            "watch": "0",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
        }
        command = [str(ANSIBLE), f"deploy/ansible/{playbook}.yml", "--inventory=site,"]
        command += ["--connection=local", "--skip-tags=host"]
        command += [
            f"--extra-vars={yaml.safe_dump(said | variables, default_flow_style=True)}"
        ]
        env = {
            name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ
        } | {
            "ANSIBLE_CONFIG": "deploy/ansible/ansible.cfg",
            "ANSIBLE_HOME": str(self.state),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            # As over SSH.
            "ANSIBLE_PIPELINING": "true",
            "EMAIL_URL": "smtp://localhost",
            # By default it is the containers' group, which only root can set.
            "GROUP": str(self.project.stat().st_gid),
            "LC_ALL": "C.UTF-8",
            "NGINX_LOG": str(self.state / "access.log"),
            "PATH": f"{self.state}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }
        done = subprocess.run(
            command,
            cwd=self.project,
            env=env,
            text=True,
            stdout=-1,
            stderr=-2,
            check=False,
        )
        return f"{done.stdout}\ncode={done.returncode}"

    def serving(self) -> tuple[str, str]:
        """Return what the next start of the host starts, and the colour that nginx serves."""
        here = self.folder / "deploy" / TARGET
        [colour] = re.findall(
            r"unix:/run/app/(\w+)\.sock", (here / "upstream.conf").read_text()
        )
        if TARGET == "systemd":
            return (self.folder / "releases/current").readlink().name, colour
        lines = (here / ".env").read_text().splitlines()
        env = dict(line.split("=", 1) for line in lines if "=" in line)
        assert env["COMPOSE_PROFILES"] == colour
        return env["IMAGE"], colour


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A host with one release."""
    for program in (str(ANSIBLE), "flock", "git", "openssl"):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    host = Host(tmp_path_factory.mktemp("deploy"))
    output = host.play("deploy")
    assert "code=0" in output, output
    return host


def test_second_deploy_changes_nothing(host: Host) -> None:
    here = host.folder / "deploy" / TARGET
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    if TARGET == "compose":
        files = "\nCOMPOSE_FILE=compose.yml:monitoring.yml\n"
        assert files in (here / ".env").read_text()
    assert (here / "secrets/email_url").read_text() == "smtp://localhost"

    output = host.play("deploy")

    assert " changed=0 failures=0 " in output, output
    assert {path: path.read_bytes() for path in before} == before


def test_rollback_returns_to_the_release_before(host: Host) -> None:
    old = host.folder / "releases/green"
    if TARGET == "systemd":
        old.symlink_to("trial:old")

    output = host.play("rollback")

    assert " changed=1 failures=0 " in output, output
    assert host.serving() == ("trial:old", "green")


def test_second_deploy_at_once_is_refused(host: Host) -> None:
    lock = host.folder / ".deploy/lock"
    lock.mkdir()

    output = host.play("deploy")

    assert "code=2" in output
    assert "Another deploy to site runs" in output
    # As it is to be typed, without a full stop.
    assert f"sudo rmdir {lock}\n" in output
    # It is the other's.
    assert lock.exists()
    lock.rmdir()


@pytest.mark.skipif(TARGET == "systemd", reason="writes into /run")
def test_maintenance_page_is_turned_on_and_off(host: Host) -> None:
    for state in ("on", "off"):
        output = host.play("maintenance", maintenance=state)

        assert " changed=1 failures=0 " in output, output
        assert (host.state / "maintenance").exists() is (state == "on")


def modules(tasks: list[dict[str, Any]]) -> set[str]:
    found = set()
    for task in tasks:
        found |= {name for name in task if "." in name}
        for part in ("tasks", "handlers", "block", "rescue", "always"):
            found |= modules(task.get(part, []))
    return found


def test_playbooks_use_modules_of_ansible_core_only() -> None:
    files = [*PLAYBOOKS.glob("[!i]*.yml"), *PLAYBOOKS.glob("tasks/**/*.yml")]
    used = set().union(*(modules(yaml.safe_load(file.read_text())) for file in files))
    assert used
    assert {name for name in used if not name.startswith("ansible.builtin.")} == set()
