"""`make deploy` for real: a bare Debian with systemd and sshd, in a container, gets the site.

Its Docker is this machine's, whose socket and client it has: so the packages of Docker are
not installed here. All else of the playbooks runs, as root over SSH.
"""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.mutations import append, replace
from tests.production import repeated
from tests.services import free_port, wait_until
from tests.support import Say, clean_environment, commit, copy_of, refusal, run
from tests.test_host import PROMISES, Host

MACHINE = "debian-systemd:12"
# Where certbot has certificates.
LINEAGE = "/etc/letsencrypt/live/example.com"
FLAGS = "--cap-add SYS_ADMIN --cap-add NET_ADMIN --tmpfs /run --tmpfs /run/lock --tmpfs /tmp"
# A key of nobody but the test, and hosts that are known to no other.
SSH = """#!/bin/sh
exec /usr/bin/ssh -i {folder}/key -o IdentitiesOnly=yes -o LogLevel=ERROR \
    -o UserKnownHostsFile={folder}/known_hosts "$@"
"""


def make_key(folder: Path) -> None:
    """Write a key pair and an `ssh` that uses it."""
    folder.mkdir()
    run(*["ssh-keygen", "-q", "-t", "ed25519", "-N"], "", "-f", "key", cwd=folder)
    (folder / "ssh").write_text(SSH.format(folder=folder))
    (folder / "ssh").chmod(0o755)


def boot(name: str, folder: Path, *options: str) -> None:
    """Start a bare host, whose Docker is this machine's; root has the key of folder/bin."""
    client = json.loads(
        run("docker", "info", "--format", "{{json .ClientInfo}}", cwd=folder)
    )
    there = "/usr/local/lib/docker/cli-plugins"
    mounts = [
        "/sys/fs/cgroup:/sys/fs/cgroup:ro",
        "/var/run/docker.sock:/run/docker.sock",
        f"{run('which', 'docker', cwd=folder).strip()}:/usr/local/bin/docker:ro",
        *(
            f"{each['Path']}:{there}/{Path(each['Path']).name}:ro"
            for each in client["Plugins"]
        ),
        f"{folder}:{folder}",
    ]
    volumes = [word for mount in mounts for word in ("--volume", mount)]
    words = ("run", "--detach", "--name", name, *FLAGS.split())
    run("docker", *words, *volumes, *options, MACHINE, cwd=folder)
    keys = f"umask 077; mkdir -p /root/.ssh; cp {folder}/bin/key.pub /root/.ssh/authorized_keys"
    run("docker", "exec", name, "sh", "-c", keys, cwd=folder)
    asked = ("sh", "-c", "systemctl is-system-running || true")
    wait_until(lambda: "running" in run("docker", "exec", name, *asked, cwd=folder))


def needs_machine() -> None:
    inspect = ["docker", "image", "inspect", MACHINE]
    if subprocess.run(inspect, capture_output=True, check=False).returncode:
        pytest.skip(f"no image {MACHINE}: a Debian with systemd, sshd and Python")


class Machine(Host):
    """A host of its own, reached by SSH from where the project lies."""

    def __init__(self, project: Path, folder: Path) -> None:
        super().__init__(project, folder, f"plinth-test-{uuid.uuid4().hex[:12]}")
        self.checkout, self.port = self.project, free_port()
        # Of the same path here and there, since this machine's Docker mounts from it.
        self.project = folder / "srv"
        self.folder = self.project / "deploy/compose"
        self.key = folder / "bin"
        make_key(self.key)
        self.prepare()

    def prepare(self) -> None:
        """Commit what a machine with fewer files and other ports needs."""
        self.adapt(self.checkout)
        lines = "\n".join(f"{name}={value}" for name, value in self.env.items())
        append("deploy/compose/.env.example", f"\n{lines}\n")(self.checkout)
        values = "deploy/ansible/group_vars/all/site.yml"
        replace(values, 'site: "my_site"', f'site: "{self.name}"')(self.checkout)
        replace(values, "/srv/my_site", str(self.project))(self.checkout)
        replace(values, "watch: 60", "watch: 5")(self.checkout)
        run("git", "init", "--quiet", cwd=self.checkout)
        (self.checkout / ".git/info/exclude").write_text(".uv\n.venv\n")
        self.commit()

    def boot(self, folder: Path) -> None:
        boot(self.name, folder, "--publish", f"127.0.0.1:{self.port}:22")

    def inside(self, *command: str) -> str:
        return run("docker", "exec", self.name, *command, cwd=self.key)

    def commit(self) -> str:
        """Commit everything; return the image's name."""
        commit(self.checkout)
        return f"{self.name}:{run('git', 'rev-parse', 'HEAD', cwd=self.checkout)[:12]}"

    def words(self, target: str, *words: str, user: str = "deploy") -> list[str]:
        return ["make", target, f"HOST={user}@127.0.0.1:{self.port}", *words]

    def ssh(self, **env: str) -> dict[str, str]:
        return {"PATH": f"{self.key}:{os.environ['PATH']}", "NO_COLOR": "1"} | env

    def make(self, target: str, *words: str, user: str = "deploy", **env: str) -> str:
        command = self.words(target, *words, user=user)
        return run(*command, cwd=self.checkout, env=self.ssh(**env))

    def refuse(self, target: str, *words: str, user: str = "deploy") -> str:
        """The last line of what make refuses."""
        command = self.words(target, *words, user=user)
        return refusal(*command, cwd=self.checkout, env=self.ssh())[-1]

    def begin(self, target: str, *words: str) -> subprocess.Popen[str]:
        """Start a target of make, and do not wait for it."""
        return subprocess.Popen(
            self.words(target, *words),
            cwd=self.checkout,
            env=clean_environment() | self.ssh(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def prepare_release(self) -> str:
        # As certbot leaves it when its hook has failed.
        make = f"sh {self.folder.parent}/nginx/self-signed.sh example.com {LINEAGE}"
        self.inside(*make.split())
        append("templates/base.html", "<!-- second -->\n")(self.checkout)
        return self.commit()

    def switch(self, image: str) -> None:
        self.make("deploy")
        assert "<!-- second -->" in self.ask("/?fresh").text
        taken = ssl.PEM_cert_to_DER_cert(self.inside("cat", f"{LINEAGE}/fullchain.pem"))
        assert served_certificate(self.https) == taken

    def roll_back(self) -> subprocess.Popen[str]:
        return self.begin("rollback")

    def serving_image(self) -> str:
        [image] = re.findall(r"(?m)^IMAGE=(.*)", (self.folder / ".env").read_text())
        return image

    def clear(self) -> None:
        try:
            if (self.folder / ".env").exists():
                super().clear()
        finally:
            remove = ["docker", "rm", "--force", "--volumes", self.name]
            subprocess.run(remove, capture_output=True, check=False)
            for image in run(
                "docker", "image", "ls", "--quiet", self.name, cwd=self.key
            ).split():
                remove = ["docker", "image", "rm", "--force", image]
                subprocess.run(remove, capture_output=True, check=False)


@pytest.fixture
def machine(install: Bake, tmp_path: Path) -> Iterator[Machine]:
    needs_machine()
    machine = Machine(install(), tmp_path)
    try:
        machine.boot(tmp_path)
        yield machine
    finally:
        machine.clear()


@pytest.mark.long
@pytest.mark.services("age", "certbot", "docker", "openssl", "pebble")
def test_bare_host_serves_after_one_command(
    machine: Machine, subtests: pytest.Subtests, record_property: Say
) -> None:
    started = time.monotonic()
    said = machine.make("deploy", user="root", EMAIL_URL="smtp://127.0.0.1:1")
    machine.image = machine.serving_image()
    record_property(
        "summary", f"from a bare host to https: {time.monotonic() - started:.0f} s"
    )
    assert machine.ask("/").status == 200, said
    assert f"{machine.image} serves: https://example.com/ answers 200." in said

    with subtests.test("the host is hardened"):
        sshd = machine.inside("sshd", "-T")
        assert "passwordauthentication no" in sshd
        assert "permitrootlogin without-password" in sshd
        assert "policy drop" in machine.inside("nft", "list", "table", "inet", "site")
        updates = machine.inside("apt-config", "dump", "APT::Periodic")
        assert 'Unattended-Upgrade "1"' in updates
        units = ("nftables", "systemd-timesyncd", "unattended-upgrades", "backup.timer")
        for unit in units:
            assert "enabled" in machine.inside("systemctl", "is-enabled", unit)

    with subtests.test("a second run changes nothing"):
        started = time.monotonic()
        said = machine.make("deploy")
        record_property("summary", f"again: {time.monotonic() - started:.0f} s")
        assert " changed=0 failures=0 " in said

    for promise in PROMISES:
        with subtests.test(promise.__name__.replace("_", " ")):
            promise(machine, record_property)

    with subtests.test("maintenance"):
        machine.make("maintenance", "ARGS=on")
        assert machine.ask("/").status == 503
        machine.make("maintenance", "ARGS=off")
        assert machine.ask("/").status == 200

    with subtests.test("logs and a shell"):
        assert "nginx" in machine.make("logs", "ARGS=--tail 5 nginx")
        shell = " ".join(machine.words("remote-shell"))
        typed = f"printf 'print(6 * 7)\\nexit()\\n' | script --quiet --return --command '{shell}' /dev/null"
        said = run("sh", "-c", typed, cwd=machine.checkout, env=machine.ssh())
        assert re.search(r"\b42\b", said), said

    with subtests.test("the newest backup is proven from here"):
        key = f"KEY={machine.folder}/site.key"
        assert "Drill passed: backups/" in machine.make("restore-drill", key)

    with subtests.test("errors say what to do next"):
        line = machine.refuse("deploy", "ARGS=-e memory_gb=9999")
        assert re.search(r"has \d+ MB of memory, the site needs 9999 GB\. Take", line)
        machine.inside("sed", "-i", "s/^12.*/11.0/", "/etc/debian_version")
        line = machine.refuse("deploy")
        assert line.startswith("127.0.0.1 has Debian 11.0. It needs Debian 12 or newer")
        line = machine.refuse("deploy", "ARGS=-e domain=other.example.com")
        assert line.startswith("nginx does not serve other.example.com: add it to both")
        line = machine.refuse("deploy", user="nobody")
        assert "cannot be reached" in line
        assert line.endswith("or name its user: HOST=user@host.")


def served_certificate(port: int) -> bytes | None:
    context = ssl._create_unverified_context()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="example.com") as tls,
    ):
        return tls.getpeercert(binary_form=True)


@pytest.mark.scale
@pytest.mark.services("docker", "openssl")
def test_deploy_that_is_cut_off_is_repeated(
    machine: Machine, record_property: Say
) -> None:
    """The deploying machine goes away while the new colour starts."""
    machine.make("deploy", user="root", EMAIL_URL="smtp://127.0.0.1:1")
    append("templates/base.html", "<!-- second -->\n")(machine.checkout)
    second = machine.commit()

    def is_starting() -> bool:
        images = [it["Config"]["Image"] for it in machine.containers().values()]
        return images.count(second) > 0

    def has_ended() -> bool:
        lock = ["flock", "--nonblock", ".switch", "true"]
        return subprocess.run(lock, cwd=machine.folder, check=False).returncode == 0

    with repeated(partial(machine.ask, "/"), clients=2) as seen:
        deploy = subprocess.Popen(
            machine.words("deploy"),
            cwd=machine.checkout,
            env=clean_environment() | machine.ssh(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(is_starting, 300)
        os.killpg(deploy.pid, signal.SIGKILL)
        deploy.wait()
        # Connections that ssh keeps for the next task, too.
        machine.inside("pkill", "-KILL", "-f", "sshd: (deploy|root)")
        line = machine.refuse("deploy")
        assert line.startswith("Another deploy to 127.0.0.1 runs, or was cut off")
        wait_until(has_ended, 300)
        machine.inside("sh", "-c", line[line.index("rmdir") :])
        machine.make("deploy")

    record_property("summary", f"cut off, then repeated: {seen}")
    assert machine.serving_image() == second
    assert "<!-- second -->" in machine.ask("/?fresh").text
    assert not seen.failed


def test_missing_host_is_named(install: Bake) -> None:
    project = install()
    for target, hint in {
        "deploy": "",
        "rollback": "",
        "maintenance": " ARGS=on",
        "logs": "",
        "remote-shell": "",
    }.items():
        lines = refusal("make", target, cwd=project)
        assert lines == [f"Name the host: make {target} HOST=root@203.0.113.5{hint}"]
    for target in ("restore", "restore-drill"):
        [line] = refusal("make", target, cwd=project)
        assert line.endswith(f": make {target} HOST=root@203.0.113.5 KEY=site.key")


@pytest.mark.parametrize("deploy", ["compose", "kubernetes"])
def test_deploy_waits_for_a_step_of_the_owner(
    install: Bake, tmp_path: Path, deploy: str
) -> None:
    project = copy_of(install(deploy=deploy), tmp_path)
    lines = "deploy: gate\ngate:\n\t@echo The pipeline is red. >&2; exit 1\n"
    append("Makefile", lines)(project)

    words = ("make", "--silent", "deploy", f"HOST=root@127.0.0.1:{free_port()}")
    assert refusal(*words, cwd=project)[0] == "The pipeline is red."


def test_unreachable_host_is_one_line(install: Bake) -> None:
    project = install()

    lines = refusal("make", "deploy", f"HOST=root@127.0.0.1:{free_port()}", cwd=project)

    [line] = lines
    assert line.startswith(
        "127.0.0.1 cannot be reached: ssh: connect to host 127.0.0.1"
    )
    assert line.endswith("its firewall lets you in: ssh 127.0.0.1")


def test_vault_is_decrypted_by_every_playbook(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(), tmp_path)
    vault = project / "deploy/ansible/group_vars/all/vault.yml"
    vault.write_text("site_secrets: {}\n")
    password = tmp_path / "password"
    password.write_text("of the vault")
    env = {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    bin = Path(sys.executable).parent
    run(
        bin / "ansible-vault",
        "encrypt",
        "--output",
        vault,
        vault,
        cwd=tmp_path,
        env=env,
    )

    for target, known in {"rollback": env, "maintenance": {}}.items():
        words = ("make", target, f"HOST=root@127.0.0.1:{free_port()}", "ARGS=on")
        lines = refusal(*words, cwd=project, env=known)
        reason = "cannot be reached" if known else " on prompt for "
        assert reason in lines[-1], lines


@pytest.mark.parametrize("deploy", ["compose", "systemd"])
def test_ansible_lint_finds_nothing(bake: Bake, deploy: str) -> None:
    bin = Path(sys.executable).parent
    env = {"PATH": f"{bin}:{os.environ['PATH']}", "NO_COLOR": "1"}
    words = ("--offline", "-q", "--profile", "production", "--strict")
    run(
        bin / "ansible-lint",
        *words,
        cwd=bake(deploy=deploy) / "deploy/ansible",
        env=env,
    )
