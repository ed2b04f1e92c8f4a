"""One site on several hosts: a load balancer, two web hosts, one for the data and a replica.

The hosts are containers with systemd and sshd, each with an address of its own. Where the site
is in containers, Docker is this machine's for all of them, so each has names of its own there.
What Compose starts for a host is in that host's network: connections come from its address, and
its firewall applies.
"""

import getpass
import http.client
import json
import os
import re
import resource
import shutil
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from tests.conftest import Bake
from tests.mutations import append, replace
from tests.production import repeated
from tests.services import (
    Answer,
    Client,
    files_limit,
    free_port,
    get,
    listens,
    nginx,
    primary,
    process,
    self_signed,
    wait_until,
)
from tests.support import (
    DEFAULT,
    LEANEST,
    Say,
    clean_environment,
    commit,
    copy_of,
    refusal,
    run,
)
from tests.test_ansible import Machine, boot, machine, make_key, needs_machine
from tests.test_host import PRIVATE_PAGE, PROBED, SITE, somebody_signs_in
from tests.test_systemd import SYSTEMD, boot_debian, build_debian

__all__ = ["machine"]

# What the tests need a site to do: a slow answer, to a form too.
SLOW = """

from time import sleep

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def slow(request: HttpRequest) -> HttpResponse:
    sleep(2)
    return HttpResponse("slow")


urlpatterns += [path("trial/slow/", slow)]
"""
# What the release before could not do without, as far as Django knows.
CONTRACT = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_import")]
    after_deploy = True
    operations = [
        migrations.RunSQL("CREATE TABLE contracted AS SELECT extract(epoch FROM now()) AS at")
    ]
"""
WEB = ("nginx", "web-blue", "web-green", "worker", "beat", "migrate", "static")
DATA = ("postgres", "pgbouncer", "cache", "broker", "migrate")
INVENTORY: dict[str, tuple[str, ...]] = {
    "balancer": ("edge",),
    "web": ("web1", "web2"),
    "database": ("data",),
    "cache": ("data",),
    "replica": ("copy",),
}
# What names lead to in each host's network, by Docker's own means elsewhere.
LOCAL = "127.0.0.1"
NAMES = {
    "data": dict.fromkeys(("postgres", "pgbouncer", "cache", "broker"), LOCAL),
    "copy": {"postgres": LOCAL, "pgbouncer": LOCAL, "primary": "data", "cache": "data"},
    "web1": {
        **dict.fromkeys(("postgres", "pgbouncer", "cache", "broker"), "data"),
        "replica": "copy",
    },
    "edge": {},
}

# Units of a host without Docker, and the services of Compose that they are.
UNITS = {
    "nginx": "nginx",
    "pgbouncer": "pgbouncer",
    "postgresql@17-main": "postgres",
    "redis-server@broker": "broker",
    "redis-server@cache": "cache",
    "site-beat": "beat",
    "site-web@blue": "web-blue",
    "site-web@green": "web-green",
    "site-worker": "worker",
}
# Saves five downloads. Not installed: the servers would start.
DOWNLOADED = """
RUN rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update && apt-get install --yes \
    --no-install-recommends --download-only age ca-certificates certbot curl nftables nginx \
    openssl pgbouncer postgresql procps python3-apt python3-venv redis-server \
    systemd-timesyncd unattended-upgrades
"""


class Hosts:
    """Bare hosts, on which nothing is left in the end."""

    # An even number: the same colour serves in the end.
    releases = 2

    def __init__(self, project: Path, folder: Path) -> None:
        self.site = f"plinth-test-{uuid.uuid4().hex[:12]}"
        self.checkout, self.folder = copy_of(project, folder, ".git"), folder
        self.addresses: dict[str, str] = {}
        make_key(folder / "bin")

    def boot(self) -> None:
        for name in ("data", "copy", "edge", "web1", "web2"):
            self.start_with_address(name)
        self.prepare()

    def start_with_address(self, name: str) -> None:
        self.start(name, "--sysctl", "net.ipv4.ip_forward=1")
        form = "{{.NetworkSettings.IPAddress}}"
        inspect = ("docker", "inspect", "--format", form, f"{self.site}-{name}")
        self.addresses[name] = run(*inspect, cwd=self.folder).strip()

    def start(self, name: str, *options: str) -> None:
        words = [*options]
        for service, at in NAMES.get(name, NAMES["web1"]).items():
            words += ["--add-host", f"{service}:{self.addresses.get(at, at)}"]
        boot(f"{self.site}-{name}", self.folder, *words)

    def variables(self, name: str) -> dict[str, object]:
        """A host's own, in the inventory."""
        files = [f"trial-{'web' if 'web' in name else 'data'}.yml"]
        return {"folder": str(self.folder / name), "compose_files": files}

    def adapt(self) -> None:
        """Write what hosts need that have one Docker."""
        compose = self.checkout / "deploy/compose"
        services = yaml.safe_load((compose / "compose.yml").read_text())["services"]
        for file, names in {"trial-web.yml": WEB, "trial-data.yml": DATA}.items():
            lines = ["services:"]
            for name in names:
                limits = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
                lines += [f"  {name}:", f"    ulimits: {{nofile: {limits}}}"]
                if name == "static":
                    continue
                lines += [
                    '    network_mode: "container:${TRIAL_HOST}"',
                    "    networks: !reset null",
                    "    ports: !reset []",
                    "    extra_hosts: !reset []",
                ]
                if name.startswith(("web", "worker", "beat")):
                    # In one network, there is one port for all.
                    lines += ["    environment: {METRICS_BIND: ''}"]
                if name in PROBED:
                    lines += [f"    healthcheck: {{interval: {PROBED[name]}s}}"]
                if name == "pgbouncer":
                    lines += [f"    image: {self.site}-pgbouncer"]
                if name == "broker":
                    command = services[name]["command"] + " --port 6380"
                    lines += [f"    command: {json.dumps(command)}"]
            (compose / file).write_text("\n".join(lines) + "\n")
        for name in self.addresses:
            self.adapt_host(name)

    def adapt_host(self, name: str) -> None:
        """Write which of the hosts one is, for Compose."""
        at = self.folder / name / "deploy/compose"
        at.mkdir(parents=True)
        lines = [
            f"COMPOSE_PROJECT_NAME={self.site}-{name}",
            f"TRIAL_HOST={self.site}-{name}",
            "DOCKER_BUILDKIT=1",
        ]
        example = self.checkout / "deploy/compose/.env.example"
        text = example.read_text() + "\n".join(lines) + "\n"
        (at / ".env").write_text(text)

    def prepare(self) -> None:
        """Commit the inventory, and what hosts need that are no machines."""
        self.adapt()
        values = "deploy/ansible/group_vars/all/site.yml"
        bucket = (
            '{"AWS_STORAGE_BUCKET_NAME": "trial", "AWS_S3_REGION_NAME": "eu-west-1"}'
        )
        for old, new in {
            'site: "my_site"': f'site: "{self.site}"',
            "watch: 60": "watch: 4",
            'certificate_email: "you@example.com"': 'certificate_email: ""',
            "site_variables: {}": f"site_variables: {bucket}",
        }.items():
            replace(values, old, new)(self.checkout)
        self.write_inventory()
        append("config/urls.py", SLOW)(self.checkout)
        run("git", "init", "--quiet", cwd=self.checkout)
        (self.checkout / ".git/info/exclude").write_text(".uv\n.venv\n")
        commit(self.checkout)

    def write_inventory(self) -> None:
        hosts = {
            name: {"ansible_host": address} | self.variables(name)
            for name, address in self.addresses.items()
        }
        groups = {
            group: {"hosts": {name: hosts[name] for name in names}}
            for group, names in INVENTORY.items()
        }
        inventory = {"all": {"vars": {"ansible_user": "root"}, "children": groups}}
        text = json.dumps(inventory)
        (self.checkout / "deploy/ansible/inventory.yml").write_text(text)

    def move(self, name: str) -> None:
        """Put a bare host with another address in place of one, which is gone."""
        old, gone = self.addresses[name], f"{self.site}-gone"
        run("docker", "rename", f"{self.site}-{name}", gone, cwd=self.folder)
        self.forget(name)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        self.adapt_host(name)
        # Before the old one gives its address back.
        self.start_with_address(name)
        run("docker", "rm", "--force", "--volumes", gone, cwd=self.folder)
        new = self.addresses[name]
        self.write_inventory()
        for other in self.addresses:
            names = f"sed 's/^{old}\\s/{new} /' /etc/hosts >/run/names; cat /run/names >/etc/hosts"
            self.inside(other, "sh", "-c", names)

    def forget(self, name: str) -> None:
        """Delete what Compose has started for a host."""
        label = f"label=com.docker.compose.project={self.site}-{name}"
        for kind in ("container", "network", "volume"):
            words = ["docker", kind, "ls", "--quiet", "--filter", label]
            words += ["--all"] if kind == "container" else []
            for each in run(*words, cwd=self.folder).split():
                remove = ["docker", kind, "rm", "--force", each]
                subprocess.run(remove, capture_output=True, check=False)

    def env(self, **env: str) -> dict[str, str]:
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        return {"PATH": path, "NO_COLOR": "1", "EMAIL_URL": "smtp://127.0.0.1:1"} | env

    def make(self, target: str, *words: str) -> str:
        command = ("make", target, *(words or ("HOST=all",)))
        return run(*command, cwd=self.checkout, env=self.env())

    def refuse(self, target: str, *words: str) -> str:
        command = ("make", target, *(words or ("HOST=all",)))
        both = ("sh", "-c", f"exec {' '.join(command)} 1>&2")
        return "\n".join(refusal(*both, cwd=self.checkout, env=self.env()))

    def release(self) -> str:
        """Commit everything; return the release's name."""
        commit(self.checkout)
        name = run("git", "rev-parse", "HEAD", cwd=self.checkout)[:12]
        return f"{self.site}:{name}"

    def at(self, name: str) -> str:
        """The folder on a host from which its part runs."""
        return str(self.folder / name / "deploy/compose")

    def read(self, name: str, file: str) -> str:
        return self.inside(name, "cat", f"{self.at(name)}/{file}")

    def inside(self, name: str, *command: str) -> str:
        return run("docker", "exec", f"{self.site}-{name}", *command, cwd=self.folder)

    def compose(self, name: str, *command: str) -> str:
        there = self.folder / name / "deploy/compose"
        return run("docker", "compose", *command, cwd=there)

    def running(self, name: str) -> set[str]:
        return set(self.compose(name, "ps", "--services").split())

    def psql(self, name: str, statement: str) -> str:
        words = (
            "psql",
            "--username",
            "postgres",
            "--dbname",
            "app",
            "-At",
            "--command",
        )
        return self.compose(
            name, "exec", "--no-TTY", "postgres", *words, statement
        ).strip()

    def serving(self, name: str) -> str:
        [image] = re.findall(r"(?m)^IMAGE=(.*)", self.read(name, ".env"))
        return image

    def colours(self, name: str) -> int:
        """Of how many there are releases that can run."""
        left = self.compose(name, "ps", "--all", "--services").split()
        return len([each for each in left if each.startswith("web-")])

    def nginx_log(self, name: str) -> str:
        return self.compose(name, "logs", "--no-log-prefix", "nginx")

    def shell(self, name: str, code: str) -> str:
        words = ("python", "manage.py", "shell", "--no-imports", "--command", code)
        return self.compose(name, "exec", "--no-TTY", "web-blue", *words)

    def kill(self, name: str) -> None:
        label = f"label=com.docker.compose.project={self.site}-{name}"
        listed = ("docker", "ps", "--quiet", "--filter", label)
        containers = run(*listed, cwd=self.folder).split()
        run("docker", "kill", f"{self.site}-{name}", *containers, cwd=self.folder)

    def client(self) -> Client:
        return Client(443, self.addresses["edge"], 70)

    def ask(self, path: str, method: str = "GET") -> Answer:
        """Ask for a page of the site, in a connection of its own."""
        with closing(self.client()) as client:
            return client.ask(path, method, "a=b" if method == "POST" else None)

    def styled(self) -> Answer:
        """The style of the page that a client gets, whichever hosts they are from."""
        [style] = re.findall(r'rel="stylesheet" href="([^"]+)', self.ask("/").text)
        return self.ask(style)

    def load(self) -> Any:
        slow = (
            partial(self.ask, "/trial/slow/"),
            partial(self.ask, "/trial/slow/", "POST"),
        )
        connected = partial(self.client().ask, "/accounts/sign-in/")
        asks = (partial(self.ask, "/"), self.styled, connected, *slow)
        return repeated(*(partial(paced, ask) for ask in asks), clients=len(asks))

    def reaches(self, name: str, port: int, *, since: str = "") -> bool:
        """Whether a host's port accepts connections from another host, or from here."""
        code = f"import socket; socket.create_connection(('{self.addresses[name]}', {port}), 2)"
        command = ["python3", "-c", code]
        if since:
            command = ["docker", "exec", f"{self.site}-{since}", *command]
        return not subprocess.run(command, capture_output=True, check=False).returncode

    def clear(self) -> None:
        for name in (*self.addresses, "gone"):
            self.forget(name)
            remove = ["docker", "rm", "--force", "--volumes", f"{self.site}-{name}"]
            subprocess.run(remove, capture_output=True, check=False)
        for name in (self.site, f"{self.site}-pgbouncer"):
            words = ["docker", "image", "ls", "--quiet", name]
            for image in run(*words, cwd=self.folder).split():
                remove = ["docker", "image", "rm", "--force", image]
                subprocess.run(remove, capture_output=True, check=False)


def paced(ask: Callable[[], Answer]) -> Answer:
    """Ask after a moment: the machine of the hosts deploys them, too."""
    time.sleep(0.1)
    return ask()


class Debians(Hosts):
    """Bare hosts without Docker: each has servers of its own."""

    releases = 10

    def start(self, name: str, *options: str) -> None:
        boot_debian(f"{self.site}-{name}", self.site, self.folder / "bin", *options)

    def boot(self) -> None:
        build_debian(self.site, DOWNLOADED)
        super().boot()

    def variables(self, name: str) -> dict[str, object]:
        return {}

    def adapt(self) -> None:
        pass

    def adapt_host(self, name: str) -> None:
        pass

    def release(self) -> str:
        return super().release().partition(":")[2]

    def at(self, name: str) -> str:
        return "/srv/my_site/deploy/systemd"

    def here(self, name: str, command: str, *words: str) -> str:
        command = f"cd {self.at(name)}; {command}"
        return self.inside(name, "sh", "-euc", command, "sh", *words)

    def running(self, name: str) -> set[str]:
        """Names of services, as those of Compose."""
        words = "list-units --state active --plain --no-legend --type service"
        units = self.inside(name, "systemctl", *words.split())
        names = re.findall(r"(?m)^(\S+)\.service", units)
        return {UNITS[name] for name in names if name in UNITS}

    def psql(self, name: str, statement: str) -> str:
        words = ("runuser", "--user", "postgres", "--", "psql", "--dbname", "app")
        return self.inside(name, *words, "-At", "--command", statement).strip()

    def serving(self, name: str) -> str:
        return self.here(name, "readlink ../../releases/current").strip()

    def colours(self, name: str) -> int:
        found = self.here(
            name, "find ../../releases -maxdepth 1 -name blue -o -name green"
        )
        return len(found.split())

    def nginx_log(self, name: str) -> str:
        return self.inside(name, "cat", "/var/log/nginx/access.log")

    def shell(self, name: str, code: str) -> str:
        command = './python.sh manage.py shell --no-imports --command "$1"'
        return self.here(name, command, code)

    def kill(self, name: str) -> None:
        run("docker", "kill", f"{self.site}-{name}", cwd=self.folder)


@pytest.fixture(params=["compose", "systemd"])
def hosts(
    install: Bake, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Hosts]:
    hosts: Hosts
    if request.param == "systemd":
        hosts = Debians(install(**SYSTEMD), tmp_path)
    else:
        needs_machine()
        hosts = Hosts(install(), tmp_path)
    try:
        hosts.boot()
        yield hosts
    finally:
        hosts.clear()


@pytest.mark.scale
@pytest.mark.services("age", "docker", "openssl")
def test_site_on_several_hosts(
    hosts: Hosts, subtests: pytest.Subtests, record_property: Say
) -> None:
    say = partial(record_property, "summary")
    started = time.monotonic()
    said = hosts.make("deploy")
    say(f"from five bare hosts to https: {time.monotonic() - started:.0f} s")
    first = hosts.serving("web1")
    assert hosts.ask("/").status == 200, said
    assert hosts.serving("web2") == first
    assert "edge balances over web1, web2: https://example.com/ answers 200." in said

    with subtests.test("each host has its part"):
        assert hosts.running("data") == {"postgres", "pgbouncer", "cache", "broker"}
        assert hosts.running("web1") == {"nginx", "web-blue", "worker", "beat"}
        assert hosts.running("web2") == {"nginx", "web-blue", "worker"}
        for _ in range(4):
            hosts.ask("/accounts/sign-in/")
        for name in ("web1", "web2"):
            served = hosts.nginx_log(name)
            addresses = set(re.findall(r'"address":"([^"]+)".*/sign-in/', served))
            # This machine's on Docker's bridge, and not the load balancer's.
            assert addresses == {hosts.addresses["edge"].rpartition(".")[0] + ".1"}

    with subtests.test("the replica follows"):
        assert hosts.running("copy") == {"postgres", "pgbouncer"}
        wait_until(
            lambda: (
                hosts.psql("data", "SELECT state FROM pg_stat_replication")
                == "streaming"
            )
        )
        code = (
            "from django.db import connections; cursor = connections['replica_1'].cursor();"
            "cursor.execute('SELECT pg_is_in_recovery()'); print(cursor.fetchone())"
        )
        assert "(True,)" in hosts.shell("web1", code)

    with subtests.test("the secrets are those of one host, and not here"):

        def secrets(file: str) -> set[str]:
            return {
                hosts.read(name, f"secrets/{file}") for name in ("data", "web1", "web2")
            }

        for name in ("secret_key", "database_url", "redis_url", "email_url"):
            assert len(secrets(name)) == 1
        assert hosts.read("web1", "secrets/celery_broker_url").endswith(":6380/0")
        if not isinstance(hosts, Debians):
            assert len(secrets("postgres_password")) == 3
        [key] = secrets("secret_key")
        grep = [
            "grep",
            "-rlF",
            "-e",
            key,
            str(hosts.checkout),
            str(Path.home() / ".ansible"),
        ]
        found = subprocess.run(grep, capture_output=True, text=True, check=False)
        assert not found.stdout

    with subtests.test("a second run changes nothing"):
        started = time.monotonic()
        said = hosts.make("deploy")
        say(f"again: {time.monotonic() - started:.0f} s")
        assert said.count(" changed=0 failures=0 ") == 5, said

    with subtests.test("hosts are open to those alone that need them"):
        ports = {
            "edge": (80, 443),
            "web1": (80, 443),
            "data": (5432, 6432, 6379, 6380),
            "copy": (6432,),
        }
        open_to_each = {
            "": {"edge"},
            "edge": {"edge", "web1"},
            "web2": {"edge", "data", "copy"},
        }
        for since, open_to in open_to_each.items():
            for name, each in ports.items():
                for port in each:
                    reached = hosts.reaches(name, port, since=since)
                    assert reached is (name in open_to), (since, name, port)
        # As Docker forwards what it publishes: ahead of the chain `input`.
        hosts.inside(
            "data",
            "nft",
            f"""
            table ip docker {{
                chain prerouting {{
                    type nat hook prerouting priority dstnat;
                    tcp dport {{ 6379, 7000 }} dnat to {hosts.addresses["edge"]}:80
                }}
                chain postrouting {{
                    type nat hook postrouting priority srcnat; masquerade
                }}
            }}""",
        )
        assert hosts.reaches("data", 7000)
        assert not hosts.reaches("data", 6379)
        assert hosts.reaches("data", 6379, since="web1")
        hosts.inside("data", "nft", "delete table ip docker")

    with subtests.test("releases go round without a failed request"):
        before, started = first, time.monotonic()
        with hosts.load() as seen:
            for number in range(hosts.releases):
                first = before
                append("templates/base.html", f"<!-- {number} -->\n")(hosts.checkout)
                append("static/css/site.css", f"\np {{ --trial: {number} }}\n")(
                    hosts.checkout
                )
                before = hosts.release()
                hosts.make("deploy")
                assert hosts.serving("web1") == hosts.serving("web2") == before
                assert f"<!-- {number} -->" in hosts.ask("/accounts/sign-in/").text
        seconds = time.monotonic() - started
        say(f"{hosts.releases} releases on two web hosts, {seconds:.0f} s: {seen}")
        assert len(seen) > 100 * hosts.releases
        assert not seen.failed
        assert hosts.running("web2") == {"nginx", "web-blue", "worker"}

    with subtests.test("it is rolled back on both"):
        with hosts.load() as seen:
            started = time.monotonic()
            hosts.make("rollback")
        say(f"rollback on two web hosts, {time.monotonic() - started:.0f} s: {seen}")
        assert hosts.serving("web1") == hosts.serving("web2") == first
        assert not seen.failed

    with subtests.test("a release that fails stops at the first host"):
        append("templates/base.html", "{% nothing %}\n")(hosts.checkout)
        hosts.release()
        with hosts.load() as seen:
            said = hosts.refuse("deploy")
        say(f"a release that fails: {seen}")
        assert "web1, web2 remained on the release before. When the cause" in said
        assert hosts.serving("web1") == hosts.serving("web2") == first
        assert not seen.failed
        assert hosts.running("web2") == {"nginx", "web-green", "worker"}
        replace("templates/base.html", "{% nothing %}\n", "")(hosts.checkout)

    with subtests.test("logs"):
        said = hosts.make("logs")
        assert {"web1", "web2", "data"} <= set(re.findall(r"(?m)^(\w+) \|", said))

    with subtests.test("maintenance"):
        hosts.make("maintenance", "HOST=all", "ARGS=on")
        assert {hosts.ask("/").status for _ in range(4)} == {503}
        hosts.make("maintenance", "HOST=all", "ARGS=off")
        assert {hosts.ask("/").status for _ in range(4)} == {200}

    with subtests.test(
        "the last migrations wait for the last host, and a second deploy is refused"
    ):
        migration = "apps/catalog/migrations/0005_contract.py"
        (hosts.checkout / migration).write_text(CONTRACT)
        third = hosts.release()
        command = ["make", "deploy", "HOST=all"]
        with subprocess.Popen(
            command,
            cwd=hosts.checkout,
            env=clean_environment() | hosts.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as deploy:
            lock = f"ls {hosts.at('web1')}/../../.deploy"
            wait_until(lambda: "lock" in hosts.inside("web1", *lock.split()))
            assert "Another deploy to" in hosts.refuse("deploy")
            said, _ = deploy.communicate()
        assert not deploy.returncode, said
        assert hosts.serving("web1") == hosts.serving("web2") == third
        at = float(hosts.psql("data", "SELECT at FROM contracted"))
        stat = ("stat", "--format", "%.9Y")
        switched = [
            float(hosts.inside(name, *stat, f"{hosts.at(name)}/upstream.conf"))
            for name in ("web1", "web2")
        ]
        assert switched == sorted(switched)
        assert at > switched[1]
        assert [hosts.colours(name) for name in ("web1", "web2")] == [1, 1]
        assert "cannot run on today's tables" in hosts.refuse("rollback")

    with subtests.test("a new host gets the data of a database host that is gone"):
        identity = hosts.folder / "site.key"
        run("age-keygen", "-o", identity, cwd=hosts.folder)
        public = run("age-keygen", "-y", identity, cwd=hosts.folder).strip()
        backup = f"cd {hosts.at('data')} && echo {public} >backup.pub && ./backup.sh"
        hosts.inside("data", "sh", "-euc", backup)
        copy = ("docker", "cp", f"{hosts.site}-data:{hosts.at('data')}/backups")
        run(*copy, hosts.folder, cwd=hosts.folder)
        [copied] = (hosts.folder / "backups").glob("*Z")
        hosts.move("data")
        started = time.monotonic()
        said = hosts.make("restore", "HOST=all", f"KEY={identity}", f"BACKUP={copied}")
        say(f"a new database host, from its backup: {time.monotonic() - started:.0f} s")
        assert " rows with equal checksums" in said
        assert float(hosts.psql("data", "SELECT at FROM contracted")) == at
        assert hosts.ask("/accounts/sign-in/").status == 200
        # The replica is one of the new primary, and has what the backup had.
        followers = partial(hosts.psql, "data", "SELECT state FROM pg_stat_replication")
        wait_until(lambda: followers() == "streaming")
        assert float(hosts.psql("copy", "SELECT at FROM contracted")) == at
        assert hosts.serving("web1") == hosts.serving("web2") == third
        assert hosts.make("deploy").count(" changed=0 failures=0 ") == 5

    with subtests.test("a web host that dies is left out"):
        with hosts.load() as seen:
            time.sleep(3)
            early = len(seen.failed)
            killed = time.monotonic()
            hosts.kill("web1")
            time.sleep(20)
            late = time.monotonic()
            time.sleep(10)
        failed = seen.failed
        say(
            f"a web host killed: {seen}, within {max(failed, default=killed) - killed:.1f} s"
        )
        assert not early
        # Those that it had begun to answer: no more than there are clients.
        assert len(failed) <= 5
        assert not [asked for asked in failed if asked > late]
        assert len([it for it in seen if it.asked > late]) > 20


@pytest.mark.scale
@pytest.mark.services("age", "docker", "openssl")
def test_host_is_rebuilt_from_its_backup(
    machine: Machine, tmp_path: Path, record_property: Say
) -> None:
    say = partial(record_property, "summary")
    machine.make("deploy", user="root", EMAIL_URL="smtp://127.0.0.1:1")
    somebody_signs_in(machine, record_property)
    # 1 GB.
    machine.psql(
        "CREATE TABLE big AS SELECT n, repeat(md5(n::text), 32) AS text"
        " FROM generate_series(1, 1000000) n"
    )
    assert int(machine.psql("SELECT pg_table_size('big')")) > 1e9
    key = tmp_path / "site.key"
    run("age-keygen", "-o", key, cwd=tmp_path)
    (machine.folder / "backup.pub").write_text(
        run("age-keygen", "-y", key, cwd=tmp_path)
    )
    started = time.monotonic()
    machine.run("./backup.sh")
    say(f"a backup: {time.monotonic() - started:.0f} s")
    say(machine.run("./restore-drill.sh", str(key)).strip())
    [backup] = (machine.folder / "backups").glob("*Z")
    secret = (machine.folder / "secrets/secret_key").read_text()
    kept = tmp_path / "kept" / backup.name
    kept.parent.mkdir()
    backup.rename(kept)
    image = machine.serving_image()
    machine.clear()
    run("rm", "-rf", machine.project, machine.key / "known_hosts", cwd=tmp_path)

    machine.boot(tmp_path)
    started = time.monotonic()
    said = machine.make("restore", f"KEY={key}", f"BACKUP={kept}", user="root")
    seconds = time.monotonic() - started

    [verdict] = re.findall(r"backups/\S+ is restored, .*", said)
    say(f"from a bare host to the backup's site: {seconds:.0f} s. {verdict}")
    assert " rows with equal checksums" in verdict
    assert machine.serving_image() == image
    assert (
        machine.psql("SELECT count(*), min(n), max(n) FROM big") == "1000000|1|1000000"
    )
    assert (machine.folder / "secrets/secret_key").read_text() == secret
    # Signed in before, and still.
    assert machine.ask(PRIVATE_PAGE, Cookie=machine.cookie).status == 200
    grep = [
        "grep",
        "-rlF",
        "-e",
        key.read_text().splitlines()[-1],
        str(machine.project),
    ]
    assert not subprocess.run(grep, capture_output=True, text=True, check=False).stdout


# Without hosts

# Programs that record what a host is told, and let its new colour fail: Docker, or those of a host
# without it.
RECORD = r"""#!/bin/sh
cd -P . && state=STATE host=$(pwd | sed 's|/deploy/\w*$||; s|.*/||')
echo "$host: $*" >>"$state/log"
"""
DOCKER = r"""
case $* in
"image ls "*) cat "$state/images" ;;
"image inspect "*) grep -qx "$3" "$state/images" ;;
"build "*) echo "$5" >>"$state/images" ;;
"compose ps --services"*) echo worker ;;
"compose ps "*nginx) ! test -e "$state/running-$host" || echo nginx ;;
"compose up --detach --wait") touch "$state/running-$host" ;;
"compose up "*" web-"*) test ! -e "$state/failing-$host" ;;
"compose config --services") echo postgres ;;
"compose run --rm --no-TTY migrate")
    cat "$state"/../web?/deploy/compose/.refused >"$state/refused"
    ! test -e "$state/contracts" || echo "Applying trial.0002... OK"
    ;;
*x-upstream*) sed -n 's|.*\(unix:/run/app/[a-z]*\.sock\).*|\1|p' upstream.conf ;;
esac
"""
SYSTEMCTL = r"""
case $* in
"is-active --quiet site-web@"*) grep -q "/${3#*@}.sock" upstream.conf ;;
"restart site-web@"*) test ! -e "$state/failing-$host" ;;
esac
"""
PYTHON = r"""
case $* in
"manage.py migrate")
    cat "$state"/../web?/deploy/systemd/.refused >"$state/refused"
    ! test -e "$state/contracts" || echo "Applying trial.0002... OK"
    ;;
esac
"""
RELEASE = r"""
release=../../releases/$(printf %.12s "$1")
mkdir -p "$release/staticfiles" && touch "$release/.env"
"""
NGINX = r"""
sed -n 's|.*\(unix:/run/app/[a-z]*\.sock\).*|\1|p' upstream.conf 2>/dev/null || true
"""
PROGRAMS = {
    "compose": {"docker": DOCKER},
    "systemd": {
        "cp": '/bin/cp "$@"\n',
        "curl": NGINX,
        "journalctl": "",
        "ps": "",
        "rm": '/bin/rm "$@"\n',
        "systemctl": SYSTEMCTL,
    },
}
# In place of those that need root.
SCRIPTS: dict[str, dict[str, str]] = {
    "compose": {},
    "systemd": {"python.sh": PYTHON, "release.sh": RELEASE, "servers.sh": ""},
}
# What they are told, in words that matter.
WORDS = {
    "compose": {
        "run --rm --no-TTY static": "static files",
        "migrate python manage.py migrate --before-deploy": "expand",
        "run --rm --no-TTY migrate": "contract",
        "-s reload": "switch",
        "stop worker": "worker stops",
        "start worker": "worker starts",
        "rm --force web": "old release is deleted",
    },
    "systemd": {
        "staticfiles/. static/": "static files",
        "manage.py migrate --before-deploy": "expand",
        "manage.py migrate": "contract",
        "reload nginx": "switch",
        ": stop site-worker": "worker stops",
        ": start site-worker": "worker starts",
        "-f ../../releases/": "old release is deleted",
    },
}


class Recorded:
    """Folders in place of hosts: two web hosts with a release, behind a load balancer."""

    def __init__(self, bake: Bake, folder: Path, target: str) -> None:
        self.project, self.folder = copy_of(bake(deploy=target), folder), folder
        self.target = target
        self.state = folder / "state"
        self.state.mkdir()
        for name in ("images", "log"):
            (self.state / name).touch()
        record = RECORD.replace("STATE", str(self.state))
        scripts = self.project / "deploy" / target
        for place, programs in (
            (self.state, PROGRAMS[target]),
            (scripts, SCRIPTS[target]),
        ):
            for name, does in programs.items():
                (place / name).write_text(record + does)
                (place / name).chmod(0o755)
        values = "deploy/ansible/group_vars/all/site.yml"
        bucket = '{"AWS_STORAGE_BUCKET_NAME": "trial"}'
        replace(values, "site_variables: {}", f"site_variables: {bucket}")(self.project)
        replace(values, "watch: 60", "watch: 0")(self.project)
        run("git", "init", "--quiet", cwd=self.project)
        commit(self.project)
        self.write({"balancer": ("edge",), "web": ("web1", "web2")})

    def release(self) -> None:
        """Put a release on the web hosts."""
        head = run("git", "rev-parse", "HEAD", cwd=self.project)
        for name in ("web1", "web2"):
            host = self.folder / name
            run("cp", "-R", self.project / "deploy", f"{host}/", cwd=self.folder)
            (host / ".deploy").mkdir()
            (host / ".deploy/commit").write_text(head)
            group = {"GROUP": str(os.getgid())}
            run("./setup.sh", cwd=host / "deploy" / self.target, env=group)
            (self.state / f"running-{name}").touch()
            trusted = "set_real_ip_from edge;\nreal_ip_header X-Forwarded-For;\n"
            (host / "deploy" / self.target / "real-ip.conf").write_text(trusted)
            (host / "releases/old").mkdir(parents=True)
            for link in ("blue", "worker", "current"):
                (host / "releases" / link).symlink_to("old")

    def write(self, groups: dict[str, tuple[str, ...]]) -> None:
        children = {
            group: {
                "hosts": {name: {"folder": str(self.folder / name)} for name in names}
            }
            for group, names in groups.items()
        }
        for name in groups["web"]:
            (self.folder / name).mkdir(exist_ok=True)
        connection = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
        }
        inventory = {"all": {"vars": connection, "children": children}}
        file = self.project / "deploy/ansible/inventory.yml"
        file.write_text(json.dumps(inventory))

    def play(self, *words: str) -> tuple[int, str]:
        """Deploy; return the exit code, and what is printed."""
        ansible = Path(sys.executable).with_name("ansible-playbook")
        command = [str(ansible), "--inventory", "deploy/ansible/inventory.yml", *words]
        done = subprocess.run(
            [*command, "--skip-tags", "host", "deploy/ansible/deploy.yml"],
            cwd=self.project,
            env=clean_environment()
            | {
                "ANSIBLE_CONFIG": "deploy/ansible/ansible.cfg",
                "ANSIBLE_HOME": str(self.state),
                "ANSIBLE_BECOME": "false",
                # As over SSH.
                "ANSIBLE_PIPELINING": "true",
                "EMAIL_URL": "smtp://127.0.0.1:1",
                "GROUP": str(os.getgid()),
                "NGINX_LOG": str(self.state / "log"),
                "PATH": f"{self.state}:{os.environ['PATH']}",
            },
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout

    def log(self) -> list[str]:
        """What the hosts were told since the last time, in words that matter."""
        log = (self.state / "log").read_text().splitlines()
        (self.state / "log").write_text("")
        found = []
        for line in log:
            for said, word in WORDS[self.target].items():
                if said in line:
                    found += [f"{line.split(':')[0]} {word}"]
                    break
        return found


@pytest.mark.parametrize(
    "target", ["compose", pytest.param("systemd", marks=pytest.mark.scale)]
)
def test_release_stops_at_the_first_failure_and_goes_on_from_there(
    bake: Bake, tmp_path: Path, target: str
) -> None:
    hosts = Recorded(bake, tmp_path, target)
    hosts.release()
    # Built later than the commit that is deployed.
    newer = [f"my_site:newer{n}" for n in range(6)]
    (hosts.state / "images").write_text("\n".join([*newer, ""]))
    (hosts.state / "contracts").touch()
    (hosts.state / "failing-web2").touch()

    code, failed = hosts.play()
    if target == "compose":
        told = (hosts.state / "log").read_text()
        assert {*re.findall("image rm (.*)", told)} == {newer[-1]}
    first = hosts.log()
    locks = [*tmp_path.glob("*/.deploy/lock")]
    (hosts.state / "failing-web2").unlink()
    again, said = hosts.play()

    assert code
    assert re.search(
        r"web2 remained on the release before, without workers; web1 has (my_site:)?\w+\. When",
        failed,
    )
    assert "is not healthy: blue keeps serving." in failed
    # Static files are on both before the first one switches.
    assert set(first[:2]) == {"web1 static files", "web2 static files"}
    assert first[2:] == [
        "web2 worker stops",
        "web1 expand",
        "web1 static files",
        "web1 switch",
        "web2 expand",
        "web2 static files",
    ]
    assert not locks
    assert not again, said
    rest = hosts.log()
    assert rest[:6] == [
        "web2 static files",
        "web2 worker stops",
        "web2 expand",
        "web2 static files",
        "web2 switch",
        "web1 contract",
    ]
    # Neither can run on the tables of today, or returns to it while they are changed.
    assert set(rest[6:8]) == {f"web{n} old release is deleted" for n in (1, 2)}
    assert (hosts.state / "refused").read_text().split() == ["blue", "blue"]

    # A server moves: the release that serves has to start again.
    hosts.write({"balancer": ("edge",), "web": ("web1", "web2"), "cache": ("web2",)})
    code, said = hosts.play()
    assert not code, said
    assert switches(hosts) == ["web1 switch", "web2 switch"]
    if target == "compose":
        # In its own network, or as the host with the broker publishes it.
        for name, port in {"web1": 6380, "web2": 6379}.items():
            secrets = tmp_path / name / "deploy/compose/secrets"
            url = (secrets / "celery_broker_url").read_text()
            assert url.endswith(f"@broker:{port}/0")

    # Somebody edits the settings of one host, and on the other what the site does not read.
    secrets = tmp_path / f"web1/deploy/{target}/secrets"
    (secrets / "alert_chat_url").write_text("https://chat.example.com/")
    with (tmp_path / f"web2/deploy/{target}/site.env").open("a") as file:
        file.write("SECURE_HSTS_SECONDS=60\n")
    (hosts.state / "contracts").unlink()
    assert hosts.play()[0] == 0
    assert switches(hosts) == ["web2 switch"]
    # Closed since the play before, and open again where its release is deleted.
    assert [path.parts[-4] for path in tmp_path.glob("web?/deploy/*/.refused")] == [
        "web1"
    ]


def switches(hosts: Recorded) -> list[str]:
    return [each for each in hosts.log() if each.endswith("switch")]


def test_groups_that_do_not_fit_are_refused(bake: Bake, tmp_path: Path) -> None:
    hosts = Recorded(bake, tmp_path, "systemd")

    _, alone = hosts.play("--limit", "web1")
    hosts.write({"balancer": ("edge",), "web": ("web1", "edge")})
    _, both = hosts.play()

    assert (
        "web1 is one of several hosts, which are deployed together: make deploy"
        in alone
    )
    assert "The groups in inventory.yml do not fit together" in both


def test_secrets_of_a_site_are_not_replaced_by_those_of_a_new_host(
    bake: Bake, tmp_path: Path
) -> None:
    hosts = Recorded(bake, tmp_path, "systemd")
    (tmp_path / "new").mkdir()
    secret = tmp_path / "web1/deploy/systemd/secrets/secret_key"
    secret.parent.mkdir(parents=True)
    secret.write_text("of the site")
    hosts.write({"balancer": ("edge",), "web": ("web1",), "cache": ("new",)})

    code, said = hosts.play()

    assert code
    assert "web1 has the secrets of the site, and new, from which all hosts" in said
    assert secret.read_text() == "of the site"
    assert not (tmp_path / "new/deploy/systemd/secrets").exists()


def rendered(project: Path, *ports: int) -> str:
    """The load balancer's configuration, for web hosts on these ports of this machine."""
    template = (project / "deploy/ansible/templates/balancer.conf").read_text()
    names = [f"web{number}" for number, _ in enumerate(ports)]
    text = jinja2.Template(template, trim_blocks=True).render(
        domain=SITE,
        members={"web": names},
        hostvars={name: {"address": "127.0.0.1"} for name in names},
    )
    each = iter(ports)
    return re.sub(r"127\.0\.0\.1:443", lambda _: f"127.0.0.1:{next(each)}", text)


@contextmanager
def balancer(project: Path, folder: Path, *ports: int) -> Iterator[str]:
    """The address of nginx as the template configures it, in front of these ports."""
    plain, tls, certificate = free_port(), free_port(), self_signed(folder)
    text = rendered(project, *ports)
    for pattern, replacement in {
        r"user www-data;": f"user {getpass.getuser()};",
        r"/run/nginx\.pid": f"{folder}/nginx.pid",
        r"worker_rlimit_nofile 65536": f"worker_rlimit_nofile {files_limit()}",
        r"worker_connections 32768": f"worker_connections {files_limit() // 2}",
        r"/var/log/nginx/": f"{folder}/",
        r"/etc/nginx/site/": f"{folder}/site/",
        r"listen 80\b": f"listen 127.0.0.1:{plain}",
        r"listen 443\b": f"listen 127.0.0.1:{tls}",
        r" *listen \[::\]:.*\n": "",
    }.items():
        text, found = re.subn(pattern, replacement, text)
        assert found, pattern
    site = folder / "site"
    run("cp", "-r", project / "deploy/nginx", site, cwd=folder)
    for file, pattern, replacement in (
        ("tls.conf", r"/etc/nginx/tls/\w+\.pem", str(certificate)),
        ("log.conf", r"/var/log/nginx/", f"{folder}/"),
    ):
        changed = re.sub(pattern, replacement, (site / file).read_text())
        (site / file).write_text(changed)
    main = folder / "balancer.conf"
    main.write_text(text)
    run("nginx", "-t", "-c", main, "-e", folder / "error.log", cwd=folder)
    command = ["nginx", "-c", main, "-e", folder / "error.log", "-g", "daemon off;"]
    with process(*command, cwd=folder, log=folder / "balancer.out"):
        wait_until(lambda: listens(tls))
        yield f"https://127.0.0.1:{tls}"


@contextmanager
def web_hosts(folder: Path) -> Iterator[list[int]]:
    """Ports of three web hosts: two answer, the third drops what it has read."""
    ports, certificate = [free_port() for _ in range(3)], self_signed(folder)
    shared = f"ssl_certificate {certificate}; ssl_certificate_key {certificate};"
    answers = [f'return 200 "{n} $http_x_forwarded_for"' for n in range(2)] + [
        "return 444"
    ]
    servers = "".join(
        f"""
        server {{
            listen 127.0.0.1:{port} ssl;
            {shared}
            access_log {folder}/web{number}.log;
            location / {{ {answer}; }}
        }}"""
        for number, (port, answer) in enumerate(zip(ports, answers, strict=True))
    )
    with nginx(folder, ports[0], servers):
        yield ports


@pytest.mark.services("nginx", "openssl")
def test_balancer_spreads_requests_and_leaves_a_dead_host_out(
    bake: Bake, tmp_path: Path
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "front").mkdir()
    with (
        web_hosts(tmp_path / "web") as (one, two, _),
        balancer(bake(), tmp_path / "front", one, two, free_port()) as site,
    ):
        forged = {"X_Forwarded_For": "6.6.6.6"}
        answers = [get(f"{site}/", **forged) for _ in range(30)]
        posted = [get(f"{site}/", **forged) for _ in range(3)]

    assert {answer.status for answer in answers + posted} == {200}
    assert {answer.text for answer in answers} == {"0 127.0.0.1", "1 127.0.0.1"}


def posts(site: str) -> int:
    connection = http.client.HTTPSConnection(
        site.removeprefix("https://"), context=ssl._create_unverified_context()
    )
    connection.request("POST", "/", "a=b")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.services("nginx", "openssl")
def test_balancer_sends_a_form_once(bake: Bake, tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "front").mkdir()
    with web_hosts(tmp_path / "web") as (one, _, drops):
        # The host that drops what it has read is the last of the two in each round.
        with balancer(bake(), tmp_path / "front", one, drops) as site:
            statuses = sorted(posts(site) for _ in range(4))
        read = (tmp_path / "web/web2.log").read_text().count("POST")
        served = (tmp_path / "web/web0.log").read_text().count("POST")

    assert statuses == [200, 200, 503, 503]
    assert (served, read) == (2, 2)


@pytest.mark.services("postgresql")
def test_replica_that_was_away_for_too_long_may_copy_again(bake: Bake) -> None:
    script = (bake() / "deploy/postgresql/replica.sh").read_text()
    with primary() as server:
        server.sql("CREATE ROLE postgres SUPERUSER LOGIN")
        env = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port)}

        def allow() -> str:
            done = subprocess.run(
                [*server.user, "sh", "-c", script],
                cwd=server.folder,
                env=clean_environment() | env,
                input="secret",
                text=True,
                stdout=subprocess.PIPE,
                check=True,
            )
            return done.stdout

        slot = partial(server.sql, "SELECT wal_status FROM pg_replication_slots")
        assert [allow(), allow()] == ["The replica may connect.\n", ""]
        assert slot() == "reserved"
        for statement in (
            "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'",
            "SELECT pg_reload_conf()",
            "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 60000)",
            "SELECT pg_switch_wal()",
            "CHECKPOINT",
        ):
            server.sql(statement)
        assert slot() == "lost"
        assert allow() == "The replica may connect.\n"
        assert slot() == "reserved"
        wait_until(lambda: server.sql("SHOW max_slot_wal_keep_size") == "1GB")


@pytest.mark.services("docker")
@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_compose_has_the_part_of_each_group(
    bake: Bake, tmp_path: Path, answers: dict[str, object]
) -> None:
    project = copy_of(bake(**answers), tmp_path)
    folder = project / "deploy/compose"
    run("sh", "setup.sh", cwd=folder, env={"GROUP": str(os.getgid())})

    def services(*groups: str) -> dict[str, dict]:
        lacking = [
            f"no-{each}" for each in ("database", "cache", "web") if each not in groups
        ]
        files = [f"groups/{name}.yml" for name in (*groups, *lacking)]
        env = {
            "COMPOSE_FILE": ":".join(["compose.yml", *files]),
            "DATABASE_HOST": "10.0.0.4",
            "CACHE_HOST": "10.0.0.5",
            "SCHEDULERS": "0",
        }
        command = ("docker", "compose", "config", "--format", "json")
        return json.loads(run(*command, cwd=folder, env=env))["services"]

    celery = answers.get("use_celery", True)
    tasks = {"worker", "beat"} if celery else set()
    data = {"postgres", "pgbouncer"}
    redis = {"cache", "broker"} if celery else {"cache"}
    web = services("web")
    assert web.keys() == {"nginx", "web-blue"} | tasks
    assert services("database").keys() == data
    assert services("cache").keys() == redis
    both = services("cache", "database")
    assert both.keys() == data | redis
    assert services("database", "web").keys() == {"nginx", "web-blue"} | tasks | data
    published = {
        port["published"]: service
        for service in both
        for port in both[service]["ports"]
    }
    expected = {"5432": "postgres", "6432": "pgbouncer", "6379": "cache"}
    assert published == expected | ({"6380": "broker"} if celery else {})
    names = {"postgres=10.0.0.4", "pgbouncer=10.0.0.4", "cache=10.0.0.5"}
    assert names <= set(web["web-blue"]["extra_hosts"])
    # A host reaches its own database as one that is alone does.
    here = services("database", "web")["web-blue"]["extra_hosts"]
    assert not [each for each in here if each.startswith("p")]
    if celery:
        assert web["beat"]["scale"] == 0
