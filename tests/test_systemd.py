"""`make deploy` without Docker: a bare Debian 13 with systemd and sshd gets the site.

The machine is a container, since a test has no other; nothing of the site's knows of it.
"""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Bake
from tests.mutations import append, replace
from tests.production import Load, repeated
from tests.services import Answer, Client, wait_until
from tests.support import DEFAULT, LEANEST, Say, refusal, run
from tests.test_ansible import FLAGS, Machine

SYSTEMD: dict[str, object] = {"deploy": "systemd"}
UNITS = "deploy/systemd/units"
MONITORING = "deploy/systemd/monitoring"
# The most that `systemd-analyze security` may say of a unit of ours: below 5 is "OK".
EXPOSURE = 2.5
# Debian's own image has none of these.
DOCKERFILE = """
FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends \
    dbus openssh-server python3 sudo systemd systemd-sysv \
    && install -d -m 700 /root/.ssh
# A container in a container has no user namespaces.
RUN for unit in redis-server@ prometheus; do folder=/etc/systemd/system/$unit.service.d; mkdir $folder \
    && printf '[Service]\\nPrivateUsers=no\\n' >$folder/container.conf; done
STOPSIGNAL SIGRTMIN+3
# As on a machine; without it, units in namespaces of their own miss their credentials.
CMD ["sh", "-c", "mount --make-rshared / && exec /lib/systemd/systemd"]
"""
# In progress until a file is there: longer than a stopping worker waits (10 s).
SLOW_TASK = """
import time
from pathlib import Path
from plinth.tasks.app import app

@app.task(soft_time_limit=900, time_limit=930)
def slow() -> None:
    print("slow task begins", flush=True)
    while not Path("/run/app/go").exists():
        time.sleep(0.1)
    print("slow task ends", flush=True)
"""
# Of a release whose pages fail once a file is there.
FAILING = """
from pathlib import Path
healthy = application
def application(environ, start):
    if Path("/run/app/fail").exists(): raise OSError
    return healthy(environ, start)
"""
MIGRATION = """
from django.db import migrations

def fail(apps, schema_editor):
    raise RuntimeError("this migration fails")

class Migration(migrations.Migration):
    dependencies = [("accounts", "{last}")]
    operations = [migrations.RunPython(fail)]
"""


# Without a machine


@pytest.mark.services("systemd")
@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_units_are_valid_and_confined(
    bake: Bake, tmp_path: Path, answers: dict[str, object], record_property: Say
) -> None:
    project = bake(**answers, **SYSTEMD)
    units = tmp_path / "etc/systemd/system"
    shutil.copytree(project / UNITS, units)
    for path in filter(Path.is_file, units.rglob("*")):
        text = path.read_text().replace("/srv/my_site", str(tmp_path))
        path.write_text(text)
        for program in re.findall(r"(?m)^ExecStart=(/\S+)", text):
            if program.startswith(str(tmp_path)):
                file = Path(program.replace("%i", "i"))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("#!/bin/sh\n")
                file.chmod(0o755)
    ours = sorted(path.name for path in units.glob("*.service"))
    assert {"backup.service", "site-web@.service"} <= {*ours}
    assert ("site-worker.service" in ours) is answers.get("use_celery", True)

    verify = ["systemd-analyze", "verify", *ours, "backup.timer"]
    assert run(*verify, cwd=units, env={"SYSTEMD_UNIT_PATH": f"{units}:"}) == ""
    for unit in ours:
        found = exposure(unit, tmp_path)
        record_property("summary", f"{unit}: exposure {found}")
        assert found <= EXPOSURE, unit


@pytest.mark.services("systemd")
def test_units_of_monitoring_are_valid_and_confined(
    bake: Bake, tmp_path: Path, record_property: Say
) -> None:
    folder = bake(**SYSTEMD) / MONITORING
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    # As monitoring.sh does; the distribution's own units have less.
    for path in folder.glob("prometheus*.conf"):
        own = units / f"{path.stem}.service"
        own.write_text("[Service]\nUser=prometheus\nExecStart=/bin/true $ARGS\n")
        text = (folder / "sandbox.conf").read_text() + path.read_text()
        text = re.sub(r"/usr/bin/prometheus\S*", "/bin/true", text)
        Path(f"{own}.d").mkdir()
        Path(f"{own}.d/site.conf").write_text(text)
    ours = sorted(path.name for path in units.glob("*.service"))
    assert len(ours) == 8

    verify = ["systemd-analyze", "verify", *ours]
    assert run(*verify, cwd=units, env={"SYSTEMD_UNIT_PATH": f"{units}:"}) == ""
    for unit in ours:
        found = exposure(unit, tmp_path)
        record_property("summary", f"{unit}: exposure {found}")
        assert found <= EXPOSURE, unit


def exposure(unit: str, root: Path) -> float:
    name = unit.replace("@.", "@blue.")
    words = ("security", "--offline=true", f"--root={root}", "--no-pager", name)
    said = run("systemd-analyze", *words, cwd=root)
    [number] = re.findall(r"Overall exposure level for \S+ ([\d.]+)", said)
    return float(number)


def test_every_secret_of_the_units_is_made(bake: Bake, tmp_path: Path) -> None:
    project = shutil.copytree(bake(**SYSTEMD), tmp_path / "project")
    here = project / "deploy/systemd"

    for _ in range(2):
        run("sh", "setup.sh", cwd=here)

    text = (here / "units/site-.service.d/site.conf").read_text()
    loaded = set(re.findall(r"(?m)^LoadCredential=(\w+):.*/secrets/\1$", text))
    assert loaded == set(re.findall(r"_FILE=%d/(\w+)", text))
    text = "".join(path.read_text() for path in (project / MONITORING).glob("*.conf"))
    watches = set(re.findall(r"(?m)^LoadCredential=(\w+):.*/secrets/\1$", text))
    assert {"alert_pager_url", "database_url", "redis_exporter"} < watches
    loaded |= watches
    assert loaded <= {path.name for path in (here / "secrets").iterdir()}
    password = (here / "secrets/app_password").read_text()
    for name, port in {"database_url": 6432, "database_direct_url": 5432}.items():
        url = f"postgres://app:{password}@127.0.0.1:{port}/app"
        assert (here / "secrets" / name).read_text() == url
    servers = json.loads((here / "secrets/redis_exporter").read_text())
    prometheus = (project / MONITORING / "prometheus.yml").read_text()
    assert {*servers} == {*re.findall(r"redis://[\d.:]+", prometheus)}
    assert (here / "secrets").stat().st_mode & 0o777 == 0o700


def test_urls_follow_the_servers_of_several_hosts(bake: Bake, tmp_path: Path) -> None:
    project = shutil.copytree(bake(**SYSTEMD), tmp_path / "project")
    here = project / "deploy/systemd"
    lines = "DATABASE_HOST=10.0.0.4\nCACHE_HOST=10.0.0.5\nREPLICA_HOST={}\n"

    said = ""

    def servers() -> dict[str, str]:
        nonlocal said
        said = run("sh", "setup.sh", cwd=here)
        urls = [(path.name, path.read_text()) for path in here.glob("secrets/*_url")]
        return {name: url.partition("@")[2] for name, url in urls if url}

    run("sh", "setup.sh", cwd=here)
    (here / "host.env").write_text(lines.format("10.0.0.6"))
    assert servers() == {
        "celery_broker_url": "10.0.0.5:6380/0",
        "database_direct_url": "10.0.0.4:5432/app",
        "database_replica_url": "10.0.0.6:6432/app",
        "database_url": "10.0.0.4:6432/app",
        "redis_locks_url": "10.0.0.5:6380/1",
        "redis_url": "10.0.0.5:6379/0",
    }
    # What runs has to start again.
    assert "Changed the addresses of servers." in said
    servers()
    assert "Changed" not in said
    (here / "host.env").write_text(lines.format(""))
    (here / "secrets/redis_url").write_text("rediss://:own@redis.example.com:6379")
    after = servers()
    assert "database_replica_url" not in after
    assert after["redis_url"] == "redis.example.com:6379"


# In place of programs that need root, or a system with systemd. Nothing runs yet.
RECORD = """#!/bin/sh
echo "$(basename "$0") $*" >>LOG
case $* in
is-active* | *is-enabled*) exit 1 ;;
*"SELECT 1"*) echo 1 ;;
esac
"""
POSTGRESQL = {"postgresql@17-main", "pgbouncer"}
REDIS = {"redis-server@broker", "redis-server@cache"}


@pytest.mark.parametrize(
    ("parts", "servers", "units"),
    [
        ("web", set(), {"nginx.service.d", "site-web@.service"}),
        ("database", POSTGRESQL | {"backup.timer"}, {"backup.service"}),
        ("cache", REDIS, {"redis-server@.service.d"}),
        ("replica", POSTGRESQL, {"pgbouncer.service.d"}),
    ],
    ids=["web", "database", "cache", "replica"],
)
def test_host_has_the_servers_of_its_groups(
    bake: Bake, tmp_path: Path, parts: str, servers: set[str], units: set[str]
) -> None:
    project = shutil.copytree(bake(**SYSTEMD), tmp_path / "project")
    here, log = project / "deploy/systemd", tmp_path / "log"
    etc, data = tmp_path / "etc", "var/lib/postgresql/17/main"
    for name in (data, *(f"etc/{it}" for it in ("postgresql/17/main/conf.d", "redis"))):
        (tmp_path / name).mkdir(parents=True)
    (etc / "pgbouncer").mkdir()
    script = (here / "servers.sh").read_text()
    text = re.sub(r"(?<![\w.])/(etc|var/lib)/", rf"{tmp_path}/\1/", script)
    (here / "servers.sh").write_text(text)
    (here / "host.env").write_text(
        f'PARTS="{parts}"\nADDRESS=10.0.0.2\nDATABASE_HOST=10.0.0.4\nREPLICA_HOST=10.0.0.5\n'
        'DATABASE_CLIENTS="10.0.0.6 10.0.0.7"\n'
    )
    (tmp_path / "bin").mkdir()
    for name in ("chgrp", "install", "runuser", "systemctl"):
        (tmp_path / "bin" / name).write_text(RECORD.replace("LOG", str(log)))
        (tmp_path / "bin" / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    run("sh", "setup.sh", cwd=here)

    said = [run("sh", "servers.sh", cwd=here, env=env) for _ in range(2)]

    assert set(re.findall(r"(?m)^Started (\S+)\.$", said[0])) == servers
    installed = {path.name for path in (etc / "systemd/system").iterdir()}
    assert units <= installed
    assert ("site-web@.service" in installed) is (parts == "web")
    assert "site-beat.service" not in installed
    assert "Changed" not in said[1]
    if parts == "replica":
        # The primary has moved.
        (tmp_path / data / "postmaster.opts").touch()
        follows = tmp_path / data / "postgresql.auto.conf"
        follows.write_text("primary_conninfo = 'user=a host=10.0.0.3 port=5432'\n")
        said = [run("sh", "servers.sh", cwd=here, env=env) for _ in range(2)]
        assert ["Changed the address of the prim" in each for each in said] == [
            True,
            False,
        ]
        assert " host=10.0.0.4 " in follows.read_text()
    written = "\n".join(
        path.read_text() for path in etc.rglob("*") if path.suffix in {".conf", ".ini"}
    )
    listening = re.findall(r"(?m)^(?:listen_addr\w*|bind)\b[ =]*(.*)", written)
    assert (
        sorted(listening)
        == {
            "web": [],
            "database": ["'localhost, 10.0.0.2'", "127.0.0.1,10.0.0.2"],
            "cache": ["127.0.0.1 10.0.0.2"] * 2,
            # PostgreSQL for its own PgBouncer alone.
            "replica": ["'localhost'", "127.0.0.1,10.0.0.2"],
        }[parts]
    )
    remote = set(re.findall(r"(?m)^host +(?!all)(.*)", written))
    database = {f"app app 10.0.0.{n}/32 scram-sha-256" for n in (6, 7)}
    database |= {"replication replica 10.0.0.5/32 scram-sha-256"}
    assert remote == (database if parts == "database" else set())
    copied = "pg_basebackup --host 10.0.0.4 --username replica --slot replica"
    assert (copied in log.read_text()) is (parts == "replica")


def test_releases_and_image_have_the_same_uv(bake: Bake) -> None:
    project = bake(**SYSTEMD)
    pins = [
        re.findall(r'"(uv~=\S+)"', (project / name).read_text())
        for name in ("Dockerfile", "deploy/systemd/release.sh")
    ]
    assert pins[0] == pins[1] != []


# On a machine


def build_debian(image: str, more: str = "") -> None:
    command = ["docker", "build", "--quiet", "--tag", image, "-"]
    text = DOCKERFILE + more
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


def boot_debian(name: str, image: str, key: Path, *options: str) -> None:
    """Start a bare host, whose root has the key of a folder."""
    cgroup = ("--volume", "/sys/fs/cgroup:/sys/fs/cgroup:ro")
    # As root of a machine has, and backup.service uses; Docker's own set lacks it.
    words = [*FLAGS.split(), *cgroup, "--cap-add", "DAC_READ_SEARCH", *options]
    run("docker", "run", "--detach", "--name", name, *words, image, cwd=key)
    inside = partial(run, "docker", "exec", name, "sh", "-c", cwd=key)
    public = (key / "key.pub").read_text()
    inside(f"echo '{public}' >/root/.ssh/authorized_keys")
    wait_until(lambda: "running" in inside("systemctl is-system-running || true"))


class Debian(Machine):
    """A Debian 13 of its own, in a container that knows no Docker."""

    def prepare(self) -> None:
        values = "deploy/ansible/group_vars/all/site.yml"
        replace(values, "watch: 60", "watch: 5")(self.checkout)
        (self.checkout / "apps/accounts/tasks.py").write_text(SLOW_TASK)
        run("git", "init", "--quiet", cwd=self.checkout)
        (self.checkout / ".git/info/exclude").write_text(".uv\n.venv\n")
        self.commit()

    def boot(self, folder: Path) -> None:
        build_debian(self.name)
        ports = {self.port: 22, self.https: 443, self.http: 80}
        published = [
            word
            for outer, inner in ports.items()
            for word in ("--publish", f"127.0.0.1:{outer}:{inner}")
        ]
        boot_debian(self.name, self.name, self.key, *published)

    def commit(self) -> str:
        return super().commit().partition(":")[2]

    def serving(self) -> str:
        """The colour that nginx serves."""
        text = self.inside("cat", "/srv/my_site/deploy/systemd/upstream.conf")
        return re.findall(r"/run/app/(\w+)\.sock", text)[0]

    def release(self) -> str:
        return self.inside("readlink", "/srv/my_site/releases/current").strip()

    def here(self, command: str) -> str:
        """Run a command in deploy/systemd of the machine, as root."""
        return self.inside("sh", "-euc", f"cd /srv/my_site/deploy/systemd; {command}")

    def journal(self, unit: str) -> str:
        words = ("--unit", unit, "--no-pager", "--output", "cat")
        return self.inside("journalctl", *words)

    def idle(self) -> str:
        """The address of the metrics of the colour that does not serve."""
        ports = {"blue": 9465, "green": 9464}
        return f"127.0.0.1:{ports[self.serving()]}"

    def prometheus(self, path: str) -> Any:
        asked = f"curl --silent 'http://127.0.0.1:9090/api/v1/{path}' || true"
        if said := self.inside("sh", "-c", asked):
            return json.loads(said)["data"]
        raise ConnectionError("Prometheus starts")

    def down(self) -> set[tuple[str, str]]:
        """Jobs and instances that Prometheus cannot scrape."""
        targets = self.prometheus("targets")["activeTargets"]
        return {
            (each["labels"]["job"], each["labels"]["instance"])
            for each in targets
            if each["health"] != "up"
        }

    def alerts(self, name: str) -> list[str]:
        """The states of an alert, as the webhook was told them."""
        calls = self.inside("cat", "/root/calls").splitlines()
        return [
            alert["status"]
            for call in calls
            for alert in json.loads(call)["alerts"]
            if alert["labels"]["alertname"] == name
        ]

    def load(self, clients: int = 4) -> AbstractContextManager[Load]:
        """Ask for a page that no cache answers, in new connections and in kept ones."""
        asks: list[Callable[[], Answer]] = []
        for _ in range(clients // 2):
            client = Client(self.https)
            asks += [partial(uncached, self.ask), partial(uncached, client.ask)]
        return repeated(*asks, clients=clients)

    @contextmanager
    def changed(self, change: Callable[[Path], object]) -> Iterator[None]:
        """Commit a change of the project for as long as the block runs."""
        change(self.checkout)
        self.commit()
        try:
            yield
        finally:
            run("git", "reset", "--quiet", "--hard", "HEAD~1", cwd=self.checkout)

    def clear(self) -> None:
        for words in (["rm", "--force", "--volumes"], ["image", "rm", "--force"]):
            subprocess.run(
                ["docker", *words, self.name], capture_output=True, check=False
            )


def uncached(ask: Callable[[str], Answer]) -> Answer:
    """Ask for a page that no cache has, after a moment: the machine has other work too."""
    time.sleep(0.05)
    return ask(f"/?{time.monotonic_ns()}")


@pytest.fixture
def machine(install: Bake, tmp_path: Path) -> Iterator[Debian]:
    machine = Debian(install(**SYSTEMD), tmp_path)
    try:
        machine.boot(tmp_path)
        yield machine
    finally:
        machine.clear()


LISTENING = """
from pathlib import Path
for name in ("tcp", "tcp6"):
    for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        host, port = address.split(":")
        if state == "0A" and not host.endswith(("0100007F", "01000000")):
            print(int(port, 16))
"""


# Metrics whose names begin so are an exporter's, or a backup's.
EXPORTED = "alertmanager|backup|nginx|node|pg|pgbouncer|probe|redis"
WEBHOOK = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        with open("/root/calls", "ab") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", 8099), Handler).serve_forever()
"""


def switch_on_monitoring(machine: Debian, say: Callable[[str], None]) -> None:
    """Deploy it with rules that wait for seconds, and name a webhook as the pager."""
    rules = machine.checkout / "deploy/monitoring/rules/site.yml"
    text = re.sub(r"(?m)^( +(?:interval|for)): '?\w+'?$", r"\1: 5s", rules.read_text())
    rules.write_text(text)
    receivers = machine.checkout / "deploy/monitoring/alertmanager.yml"
    text = re.sub(r"group_interval: \w+", "group_interval: 5s", receivers.read_text())
    receivers.write_text(text)
    values = "deploy/ansible/group_vars/all/site.yml"
    replace(values, "monitoring: false", "monitoring: true")(machine.checkout)
    machine.commit()
    # As visitors find the site.
    machine.here("echo 127.0.0.1 example.com >>/etc/hosts")
    machine.here("cp tls/fullchain.pem /usr/local/share/ca-certificates/site.crt")
    machine.here("update-ca-certificates")
    started = time.monotonic()
    said = machine.make("deploy")
    say(f"a release, and monitoring: {time.monotonic() - started:.0f} s")
    assert "Alerts notify nobody: write a URL into secrets/alert_pager_url" in said

    machine.inside("touch", "/root/calls")
    machine.inside("systemd-run", "--quiet", "python3", "-c", WEBHOOK)
    url = "http://127.0.0.1:8099/"
    said = machine.here(f"printf {url} >secrets/alert_pager_url; ./monitoring.sh on")
    assert said == "Restarted prometheus-alertmanager.\n"


@pytest.mark.scale
@pytest.mark.services("docker", "age")
def test_bare_host_serves_after_one_command(
    machine: Debian,
    tmp_path: Path,
    subtests: pytest.Subtests,
    record_property: Say,
) -> None:
    say = partial(record_property, "summary")
    started = time.monotonic()
    said = machine.make("deploy", user="root", EMAIL_URL="smtp://127.0.0.1:1")
    say(f"from a bare host to https: {time.monotonic() - started:.0f} s")
    first = machine.release()
    assert machine.ask("/").status == 200, said
    assert f"{first} serves: https://example.com/ answers 200." in said

    with subtests.test("a second run changes nothing"):
        started = time.monotonic()
        said = machine.make("deploy")
        say(f"again: {time.monotonic() - started:.0f} s")
        assert " changed=0 failures=0 " in said

    with subtests.test("all parts are ready"):
        check = "curl -sk --resolve example.com:443:127.0.0.1 https://example.com/health/ready/"
        said = machine.here(check)
        assert '"status": "ok"' in said
        assert "worker" in machine.here("systemctl list-units 'site-*'")

    with subtests.test("nothing else listens to the network"):
        ports = set(machine.inside("python3", "-c", LISTENING).split())
        say(f"open ports: {' '.join(sorted(ports, key=int))}")
        assert ports == {"22", "80", "443"}
        address = machine.inside("hostname", "-I").split()[0]
        for port in (5432, 6379, 6380, 6432):
            with pytest.raises(OSError):  # noqa: PT011
                socket.create_connection((address, port), timeout=1)

    with subtests.test("the units are confined"):
        for unit in ("site-web@blue", "site-worker", "site-beat", "backup"):
            said = machine.inside("systemd-analyze", "security", "--no-pager", unit)
            [number] = re.findall(r"Overall exposure level for \S+ ([\d.]+)", said)
            say(f"{unit}: exposure {number}")
            assert float(number) <= EXPOSURE
        secret = machine.here("cat secrets/secret_key")
        said = machine.inside("systemctl", "show", "site-web@blue")
        assert secret not in said
        environment = machine.inside("sh", "-c", "cat /proc/[0-9]*/environ")
        assert secret not in environment

    with subtests.test("a release is switched to without a failed request"):
        append("templates/base.html", "<!-- second -->\n")(machine.checkout)
        second = machine.commit()
        machine.here(
            "./python.sh manage.py shell --no-imports --command "
            "'from apps.accounts.tasks import slow; slow.delay()'"
        )
        journal = partial(machine.journal, "site-worker")
        wait_until(lambda: "slow task begins" in journal())
        with machine.load() as seen:
            started = time.monotonic()
            machine.make("deploy")
            say(f"a release in {time.monotonic() - started:.0f} s: {seen}")
        assert machine.release() == second
        assert "<!-- second -->" in machine.ask("/?fresh").text
        assert len(seen) > 20
        assert not seen.failed

    with subtests.test("a task that a deploy interrupts is not lost"):
        begun = partial(re.findall, "slow task begins")
        wait_until(lambda: len(begun(journal())) == 2)
        assert "slow task ends" not in journal()
        machine.inside("touch", "/run/app/go")
        wait_until(lambda: "slow task ends" in journal())

    with subtests.test("it is rolled back"):
        colour = machine.serving()
        with machine.load() as seen:
            started = time.monotonic()
            rollback = machine.begin("rollback")
            wait_until(lambda: machine.serving() != colour)
            seconds = time.monotonic() - started
            said = rollback.communicate()[0]
            assert rollback.returncode == 0, said
        say(f"traffic is back after {seconds:.1f} s: {seen}")
        assert machine.release() == first
        assert not seen.failed

    def refused(reason: str) -> None:
        """Deploy a release that must not serve."""
        colour, release = machine.serving(), machine.release()
        with machine.load() as seen:
            lines = refusal(
                *machine.words("deploy"), cwd=machine.checkout, env=machine.ssh()
            )
        say(f"{reason}: {seen}")
        assert f"{reason}: {colour} keeps serving." in "\n".join(lines)
        assert machine.serving() == colour
        assert machine.release() == release
        assert not seen.failed

    crash = append("config/wsgi.py", "raise SystemExit(3)\n")
    with (
        subtests.test("a release that crashes never serves"),
        machine.changed(crash),
    ):
        refused("is not healthy")

    with subtests.test("a release whose migration fails never serves"):
        folder = machine.checkout / "apps/accounts/migrations"
        last = max(path.stem for path in folder.glob("0*.py"))
        text = MIGRATION.format(last=last)
        with machine.changed(lambda _: (folder / "9999_fail.py").write_text(text)):
            refused("does not migrate")

    with subtests.test("traffic leaves a release that fails later"):
        colour = machine.serving()
        with (
            machine.changed(append("config/wsgi.py", FAILING)),
            machine.load() as seen,
        ):
            deploy = machine.begin("deploy", "ARGS=-e watch=90")
            wait_until(lambda: machine.serving() != colour, 600)
            time.sleep(3)
            machine.inside("touch", "/run/app/fail")
            wait_until(lambda: machine.serving() == colour)
            said = deploy.communicate()[0]
            back = time.monotonic()
            time.sleep(2)
        machine.inside("rm", "/run/app/fail")
        failed = seen.failed
        say(f"errors for {failed[-1] - failed[0]:.1f} s: {seen}")
        assert f"answers with server errors: {colour} keeps serving." in said
        assert not [asked for asked in failed if asked > back]

    with subtests.test("maintenance"):
        machine.make("maintenance", "ARGS=on")
        assert machine.ask("/").status == 503
        machine.make("maintenance", "ARGS=off")
        assert machine.ask("/").status == 200

    with subtests.test("a backup is proven, and restored"):
        run("age-keygen", "-o", "site.key", cwd=machine.key)
        key = (machine.key / "site.key").read_text()
        public = run("age-keygen", "-y", "site.key", cwd=machine.key).strip()
        machine.here(f"echo {public} >backup.pub; systemctl start backup")
        machine.here(f"cat >/root/site.key <<'END'\n{key}\nEND")
        verdict = machine.make("restore-drill", f"KEY={machine.key}/site.key")
        assert "Drill passed: backups/" in verdict
        restored = machine.here("./restore.sh /root/site.key")
        say(f"{verdict.splitlines()[-1]} {restored.splitlines()[-1]}")
        assert machine.ask("/?restored").status == 200
        copy = "docker", "cp", f"{machine.name}:/srv/my_site/deploy/systemd/backups"
        run(*copy, tmp_path, cwd=machine.key)

    with subtests.test("nothing of monitoring is installed until it is on"):
        assert "prometheus" not in machine.inside("dpkg", "--list")

    with subtests.test("monitoring sees every part of the site"):
        switch_on_monitoring(machine, say)
        wait_until(lambda: machine.down() == {("web", machine.idle())})
        rules = (machine.checkout / "deploy/monitoring/rules/site.yml").read_text()
        named = {*re.findall(rf"\b(?:{EXPORTED})_\w+", rules)}
        assert len(named) > 15
        values = "label/__name__/values"
        wait_until(lambda: named <= {*machine.prometheus(values)})
        query = quote('sum({__name__=~"(pg|pgbouncer|nginx|redis)_up"})')
        [up] = machine.prometheus(f"query?query={query}")["result"]
        assert up["value"][1] == "5"
        # Neither says anything that nobody needs.
        lines = machine.journal("prometheus-node-exporter").splitlines()
        # A container has no udev.
        assert not [it for it in lines if "level=ERROR" in it and "udev" not in it]
        assert "Probe succ" not in machine.journal("prometheus-blackbox-exporter")
        ports = set(machine.inside("python3", "-c", LISTENING).split())
        assert ports == {"22", "80", "443"}

    with subtests.test("the units of monitoring are confined"):
        for path in (machine.checkout / MONITORING).glob("prometheus*.conf"):
            said = machine.inside(
                "systemd-analyze", "security", "--no-pager", path.stem
            )
            [number] = re.findall(r"Overall exposure level for \S+ ([\d.]+)", said)
            say(f"{path.stem}: exposure {number}")
            assert float(number) <= EXPOSURE

    with subtests.test("an alert arrives, and is resolved"):
        started = time.monotonic()
        machine.inside("systemctl", "stop", "site-worker")
        wait_until(lambda: "firing" in machine.alerts("WorkersDown"))
        say(f"a stopped worker is a page after {time.monotonic() - started:.0f} s")
        machine.inside("systemctl", "start", "site-worker")
        wait_until(lambda: "resolved" in machine.alerts("WorkersDown"), 180)

    with subtests.test("a second run with monitoring changes nothing"):
        said = machine.make("deploy")
        assert " changed=0 failures=0 " in said
        assert "notify nobody" not in said

    with subtests.test("logs and a shell"):
        assert "gunicorn" in machine.make("logs", "ARGS=--lines 50 --unit site-web@*")
        typed = "printf 'print(6 * 7)\\nexit()\\n'"
        shell = " ".join(machine.words("remote-shell"))
        command = f"{typed} | script --quiet --return --command '{shell}' /dev/null"
        said = run("sh", "-c", command, cwd=machine.checkout, env=machine.ssh())
        assert re.search(r"\b42\b", said), said

    with subtests.test("it serves after a restart of the machine"):
        run("docker", "restart", "--time", "60", machine.name, cwd=machine.key)
        wait_until(lambda: machine.ask("/?restarted").status == 200)

    with subtests.test("monitoring runs after a restart, until it is switched off"):
        wait_until(lambda: machine.down() == {("web", machine.idle())})
        said = machine.make("deploy", "ARGS=-e monitoring=false")
        assert " changed=1 failures=0 " in said
        assert "prometheus" not in machine.inside("systemctl", "list-units")
        said = machine.make("deploy", "ARGS=-e monitoring=false")
        assert " changed=0 failures=0 " in said

    with subtests.test("an older system is refused in one line"):
        machine.inside("sed", "-i", "s/^13.*/12.9/", "/etc/debian_version")
        line = machine.refuse("deploy")
        assert line.startswith("127.0.0.1 has Debian 12.9. It needs Debian 13 or newer")

    with subtests.test("a new machine gets the backup's site"):
        secret = machine.here("cat secrets/secret_key")
        [backup] = (tmp_path / "backups").glob("*Z")
        machine.clear()
        (machine.key / "known_hosts").unlink()
        machine.boot(tmp_path)
        words = (f"KEY={machine.key}/site.key", f"BACKUP={backup}")
        started = time.monotonic()
        said = machine.make("restore", *words, user="root")
        say(
            f"from a bare host to the backup's site: {time.monotonic() - started:.0f} s"
        )
        assert " rows with equal checksums" in said
        assert machine.here("cat secrets/secret_key") == secret
        assert machine.ask("/?rebuilt").status == 200
