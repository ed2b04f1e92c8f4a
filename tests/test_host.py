"""One production host, as deploy/compose has it: from nothing to https, with real Docker.

The parts depend on each other and take long to start, so one test starts them once and
asks for each promise in turn: here on a host that docs/production.md has set up by hand, in
test_ansible.py on one that `make deploy` has.
"""

import http.client
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress
from fcntl import LOCK_EX, flock
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from tests.conftest import Bake
from tests.mutations import replace
from tests.production import Load, repeated
from tests.services import RENEWAL, Answer, Client, authority, free_port, wait_until
from tests.support import (
    DEFAULT,
    LEANEST,
    Say,
    clean_environment,
    copy_of,
    documented,
    refusal,
    run,
)
from tests.test_logs import Receiver

SITE = "example.com"
# What asks the database for each request, whoever keeps pages.
PRIVATE_PAGE = "/accounts/profile/"
# Seconds. More often than a machine that works for its living would be asked.
PROBED = {"web-blue": 3, "web-green": 3, "nginx": 3, "worker": 6, "beat": 6}
# A task that outlives a release, in a project with Celery.
SLOW_TASK = """
from plinth.tasks.app import app

@app.task(soft_time_limit=900, time_limit=930)
def slow() -> None:
    import time

    print("slow task begins", flush=True)
    time.sleep(600)
"""


class Host:
    """A host of its own name and ports, on which nothing is left in the end."""

    def __init__(self, project: Path, folder: Path, name: str) -> None:
        self.name, self.image = name, f"{name}:v1"
        self.project = copy_of(project, folder, ".git")
        self.folder = self.project / "deploy/compose"
        self.http, self.https = free_port(), free_port()
        # Compose asks nobody but the command line and these files.
        self.env = {
            "COMPOSE_FILE": "compose.yml:trial.yml",
            "COMPOSE_PROJECT_NAME": name,
            "DOCKER_BUILDKIT": "1",
            "HTTP_PORT": f"127.0.0.1:{self.http}",
            "HTTPS_PORT": f"127.0.0.1:{self.https}",
            "WATCH": "4",
        }
        self.cookie = ""

    def run(self, *command: str, **env: str) -> str:
        return run(*command, cwd=self.folder, env=self.env | env)

    def compose(self, *command: str) -> str:
        return self.run("docker", "compose", *command)

    def exec(self, service: str, *command: str) -> str:
        return self.compose("exec", "--no-TTY", service, *command)

    def shell(self, code: str) -> str:
        words = ("python", "manage.py", "shell", "--no-imports", "--command", code)
        return self.exec(self.serving(), *words)

    def serving(self) -> str:
        # It is empty for a moment while switch.sh writes it.
        while not (
            found := re.search(
                r"unix:/run/app/(\w+)\.sock",
                (self.folder / "upstream.conf").read_text(),
            )
        ):
            time.sleep(0.05)
        return f"web-{found[1]}"

    def services(self) -> dict[str, dict]:
        text = (self.folder / "compose.yml").read_text()
        return yaml.safe_load(text)["services"]

    def containers(self) -> dict[str, dict]:
        """What Docker knows of each container, by its service."""
        ids = self.compose("ps", "--all", "--quiet").split()
        label = "com.docker.compose.service"
        found = json.loads(self.run("docker", "inspect", *ids))
        return {each["Config"]["Labels"][label]: each for each in found}

    def adapt(self, project: Path) -> None:
        """Write what a trial needs, on a machine that may have fewer files."""
        pool = "default_pool_size = "
        replace("deploy/pgbouncer/pgbouncer.ini", f"{pool}20", f"{pool}10")(project)
        if (project / "config/celery.py").exists():
            (project / "apps/accounts/tasks.py").write_text(SLOW_TASK)
        compose = project / "deploy/compose"
        services = yaml.safe_load((compose / "compose.yml").read_text())["services"]
        limits = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        trial: dict[str, dict] = {
            service: {"ulimits": {"nofile": limits}} for service in services
        }
        for service, seconds in PROBED.items():
            if service in trial:
                trial[service]["healthcheck"] = {"interval": f"{seconds}s"}
        trial["pgbouncer"]["image"] = f"{self.name}-pgbouncer"
        (compose / "trial.yml").write_text(json.dumps({"services": trial}))

    def set_up(self) -> None:
        """Do what docs/production.md says."""
        self.adapt(self.project)
        self.run("docker", "build", "--quiet", "--tag", self.image, str(self.project))
        self.run("sh", "../nginx/self-signed.sh", SITE, "tls")
        self.run("./setup.sh")
        (self.folder / "secrets/email_url").write_text("smtp://127.0.0.1:1")
        replace(".env", f"IMAGE={self.project.name}", f"IMAGE={self.image}")(
            self.folder
        )

    def start(self) -> None:
        page = self.project / "docs/production.md"
        *_, migrate, static, up = documented(page, "run --rm static\n").splitlines()
        assert "migrate" in migrate
        for command in (migrate, static, up):
            self.run("sh", "-euc", command)

    def prepare_release(self) -> str:
        """Return the name of another image."""
        image = f"{self.name}:v2"
        self.run("docker", "tag", self.image, image)
        return image

    def switch(self, image: str) -> None:
        """Let the image of `prepare_release` take over."""
        self.run("./switch.sh", image)

    def roll_back(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["./switch.sh", "--rollback"],
            cwd=self.folder,
            env=clean_environment() | self.env,
            stdout=subprocess.PIPE,
            text=True,
        )

    def psql(self, statement: str, user: str = "app") -> str:
        words = ("psql", "--username", user, "--command", statement, "-At")
        return self.exec("postgres", *words).strip()

    def clear(self) -> None:
        self.env["COMPOSE_PROFILES"] = "blue,green,release"
        with suppress(pytest.fail.Exception):
            self.compose("down", "--volumes", "--timeout", "1")
        listed = ("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
        images = self.run(*listed, self.name).split()
        for image in (*images, f"{self.name}-pgbouncer"):
            words = ["docker", "image", "rm", "--force", image]
            subprocess.run(words, capture_output=True, check=False)
        label = f"label=com.docker.compose.project={self.name}"
        for kind in ("container", "volume", "network"):
            every = ["--all"] if kind == "container" else []
            left = self.run("docker", kind, "ls", *every, "--quiet", "--filter", label)
            assert not left, kind

    def ask(
        self, path: str, *, form: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        """Ask for a page over https, or send a form, in a connection of its own."""
        if form:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            headers |= {"Referer": f"https://{SITE}{path}"}
        body = urlencode(form) if form else None
        with closing(Client(self.https)) as client:
            return client.ask(path, "POST" if form else "GET", body, **headers)

    def load(self, clients: int = 2) -> AbstractContextManager[Load]:
        """Ask for a page of somebody who is signed in until the end of the block."""
        ask = partial(self.ask, PRIVATE_PAGE, Cookie=self.cookie)
        return repeated(ask, clients=clients)


@pytest.fixture
def host(
    install: Bake, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Host]:
    project = install(**getattr(request, "param", DEFAULT))
    host = Host(project, tmp_path, f"plinth-test-{uuid.uuid4().hex[:12]}")
    try:
        host.set_up()
        host.start()
        yield host
    finally:
        host.clear()


# The promises, in the order in which they are asked for


def https_answers_after_one_redirect(host: Host, say: Say) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", host.http, timeout=60)
    connection.request("GET", "/?a=b", headers={"Host": SITE})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{SITE}/?a=b")

    home = host.ask("/?a=b")
    assert home.status == 200
    assert "max-age=" in home.headers["Strict-Transport-Security"]


def a_file_switches_the_site_off_and_on(host: Host, say: Say) -> None:
    host.exec(host.serving(), "touch", "/run/app/maintenance")
    assert host.ask("/").status == 503
    host.exec(host.serving(), "rm", "/run/app/maintenance")
    assert host.ask("/").status == 200


def nginx_sends_the_static_files(host: Host, say: Say) -> None:
    style = host.ask("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = host.ask(style, Accept_Encoding="identity")
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]
    # What only nginx has.
    (host.folder / "static/trial.txt").write_text("from the folder")
    assert host.ask("/static/trial.txt").text == "from the folder"


def all_parts_are_ready(host: Host, say: Say) -> None:
    parts = json.loads(host.ask("/health/ready/").text)["parts"]
    assert set(parts.values()) == {"ok"}
    assert {"database", "cache"} <= parts.keys()


def somebody_signs_in(host: Host, say: Say) -> None:
    host.shell(
        "from apps.accounts.models import User; "
        "User.objects.create_superuser('ada@example.com', 'a-long-password')"
    )
    path = "/accounts/sign-in/"
    page = host.ask(path)
    # Each form of the page has one.
    token, *_ = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    cookies = SimpleCookie(page.headers["Set-Cookie"])
    cookie = "; ".join(f"{name}={each.value}" for name, each in cookies.items())
    form = {"username": "ada@example.com", "password": "a-long-password"}

    done = host.ask(path, form=form | {"csrfmiddlewaretoken": token}, Cookie=cookie)

    assert done.status == 302, done.text
    session = SimpleCookie("\n".join(done.headers.get_all("Set-Cookie", [])))
    host.cookie = f"__Host-sessionid={session['__Host-sessionid'].value}"
    profile = host.ask(PRIVATE_PAGE, Cookie=host.cookie)
    assert profile.status == 200
    assert "Sign out" in profile.text
    assert host.ask(PRIVATE_PAGE).status == 302


def a_certificate_comes_and_is_renewed(host: Host, say: Say) -> None:
    command = documented(host.project / "docs/production.md", "certbot certonly")
    with authority(host.project.parent, host.http) as given, host.load() as seen:
        assert not given.serial(host.https)
        host.run("sh", "-euc", command, **given.env)
        wait_until(lambda: given.serial(host.https))
        first = given.serial(host.https)
        host.run(*RENEWAL, **given.env)
        wait_until(lambda: given.serial(host.https) != first)
    say("summary", f"a certificate, and its renewal: {seen}")
    assert len(seen) > 20
    assert not seen.failed


def a_task_goes_through_the_worker(host: Host, say: Say) -> None:
    if "worker" not in host.services():
        return
    host.shell("from plinth.tasks.tasks import clear_sessions; clear_sessions.delay()")
    wait_until(lambda: "succeeded" in host.compose("logs", "worker"))


def lines_of_a_request_arrive_under_one_id(host: Host, say: Say) -> None:
    """From nginx, the web and the worker, by deploy/compose/logs.yml; without its data."""
    receiver = Receiver(free_port())
    root = host.run("docker", "info", "--format", "{{.DockerRootDir}}").strip()
    (host.folder / "logs-trial.yml").write_text(
        "services:\n  logs:\n    network_mode: host\n    networks: !reset []\n"
        f"    volumes: ['{root}/containers:/var/lib/docker/containers:ro']\n"
    )
    env = {
        "COMPOSE_FILE": f"{host.env['COMPOSE_FILE']}:logs.yml:logs-trial.yml",
        "LOGS_URL": f"http://127.0.0.1:{receiver.port}/loki/api/v1/push",
    }
    compose = partial(host.run, "docker", "compose", **env)
    with receiver.up():
        compose("up", "--build", "--detach", "--wait", "logs")
        path = "/accounts/reset/"
        page = host.ask(f"{path}?email=ada@example.com")
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        cookies = SimpleCookie(page.headers["Set-Cookie"])
        cookie = "; ".join(f"{name}={each.value}" for name, each in cookies.items())
        form = {"email": "ada@example.com", "csrfmiddlewaretoken": token}
        done = host.ask(path, form=form, Cookie=cookie)
        assert done.status == 302, done.text
        name = done.headers["X-Request-ID"]

        def services() -> set[str]:
            arrived = receiver.lines()
            return {labels["service"] for labels, _, line in arrived if name in line}

        wanted = {"nginx", host.serving()} | ({"worker"} & host.services().keys())
        try:
            wait_until(lambda: wanted <= services())
            # Its own healthcheck writes what the alert reads.
            assert "syslogng_output" in (host.folder / "textfile/logs.prom").read_text()
        finally:
            compose("rm", "--force", "--stop", "logs")
            volumes = (f"{host.name}_logs", f"{host.name}_loki")
            host.run("docker", "volume", "rm", *volumes)
            host.run("docker", "image", "rm", "--force", f"{host.name}-logs")
    lines = [line for *_, line in receiver.lines()]
    assert "logs" not in {labels["service"] for labels, *_ in receiver.lines()}
    assert not [line for line in lines if token in line or "ada@example" in line]
    say("summary", f"{len(lines)} lines arrived; one request in {sorted(services())}")


def every_container_is_without_rights(host: Host, say: Say) -> None:
    for service, found in host.containers().items():
        assert found["HostConfig"]["ReadonlyRootfs"], service
        assert found["HostConfig"]["CapDrop"] == ["ALL"], service
        assert found["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"], service
        assert found["HostConfig"]["Memory"] > 0, service
        if found["State"]["Running"]:
            assert host.exec(service, "id", "-u").strip() != "0", service


def nobody_but_nginx_has_a_port(host: Host, say: Say) -> None:
    published = {
        service
        for service, found in host.containers().items()
        if any(found["NetworkSettings"]["Ports"].values())
    }
    assert published == {"nginx"}


def no_secret_is_in_the_environment(host: Host, say: Say) -> None:
    names = ("secret_key", "postgres_password", "app_password")
    secrets = [(host.folder / "secrets" / name).read_text() for name in names]
    for service, found in host.containers().items():
        told = json.dumps(found["Config"])
        assert not [secret for secret in secrets if secret in told], service


# Of the address that has the most: PgBouncer. Commands connect past it.
COUNT = (
    "SELECT coalesce(max(number), 0) FROM (SELECT count(*) AS number"
    " FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND application_name <> 'psql' GROUP BY client_addr) AS clients"
)


def two_hundred_clients_share_ten_connections(host: Host, say: Say) -> None:
    most = 0
    with host.load(clients=200) as seen:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            most = max(most, int(host.psql(COUNT)))
    say("summary", f"200 clients: {seen}, {most} connections")
    # nginx gives up after 60 s: where other tests are busy, so long is the queue of 200.
    ended = [answer.status for answer in seen if answer.seconds < 60]
    assert len(ended) >= 100
    assert set(ended) == {200}
    assert 0 < most <= 10


PREPARED = """
from django.db import connection, transaction
from apps.accounts.models import User
with transaction.atomic(), connection.cursor() as cursor:
    for number in range(8):
        User.objects.filter(pk=number).exists()
    cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement ~ 'user'")
    print("prepared:", *cursor.fetchall())
"""


def statements_are_prepared_behind_pgbouncer(host: Host, say: Say) -> None:
    command = ["python", "manage.py", "shell", "--no-imports", "--command"]
    asked = ("--env", "DATABASE_PREPARED_STATEMENTS=true", host.serving())
    said = host.compose("exec", "--no-TTY", *asked, *command, PREPARED)
    assert "prepared: ('PGBOUNCER_" in said


def a_restart_of_pgbouncer_is_survived(host: Host, say: Say) -> None:
    with host.load() as seen:
        time.sleep(1)
        host.compose("restart", "pgbouncer")
        away = seen.recover()
        back = time.monotonic()
        time.sleep(2)
    say("summary", f"PgBouncer restarted: {seen}, good again {away:.1f} s later")
    assert max(seen).status == 200
    assert not [asked for asked in seen.failed if asked > back]


def site_role_is_no_superuser(host: Host, say: Say) -> None:
    of = "FROM pg_roles WHERE rolname = current_user"
    assert host.psql(f"SELECT rolsuper OR rolcreatedb OR rolcreaterole {of}") == "f"
    with pytest.raises(pytest.fail.Exception, match="permission denied to COPY"):
        host.psql("COPY (SELECT 1) TO PROGRAM 'id'")


def redis_asks_for_a_password(host: Host, say: Say) -> None:
    for service in {"cache", "broker"} & set(host.services()):
        assert "NOAUTH" in host.exec(service, "redis-cli", "ping")


def uploads_are_stored_without_a_bucket(host: Host, say: Say) -> None:
    host.shell(
        "from django.core.files.base import ContentFile as File;"
        "from django.core.files.storage import storages;"
        "[storages[name].save('trial.txt', File('stored')) for name in "
        "('default', 'public')]"
    )
    assert host.ask("/media/trial.txt").text == "stored"


def a_backup_is_proven_and_replaces_a_newer_schema(host: Host, say: Say) -> None:
    constraints = "SELECT count(*) FROM pg_constraint"
    before = host.psql(constraints)
    host.run("age-keygen", "-o", "site.key")
    (host.folder / "backup.pub").write_text(host.run("age-keygen", "-y", "site.key"))
    host.run("./backup.sh")
    verdict = host.run("./restore-drill.sh", "site.key")
    host.psql(
        "CREATE TABLE newer (author bigint PRIMARY KEY REFERENCES accounts_user (id))"
    )
    assert host.psql(constraints) != before
    host.exec(host.serving(), "rm", "media/trial.txt")

    with host.load() as seen:
        host.run("./restore.sh", "site.key")
        seen.recover()

    say("summary", f"{verdict.strip()} Restored: {seen}, {before} constraints")
    assert verdict.startswith("Drill passed: backups/")
    assert host.psql(constraints) == before
    assert host.ask(PRIVATE_PAGE, Cookie=host.cookie).status == 200
    assert host.ask("/media/trial.txt").text == "stored"
    left = ("docker", "container", "ls", "--all", "--quiet", "--filter")
    assert not host.run(*left, "name=^restore-drill-")


def a_release_whose_pages_fail_never_serves(host: Host, say: Say) -> None:
    image = f"{host.name}:broken"
    (host.project / "Broken").write_text(
        f"FROM {host.image}\nUSER root\n"
        "RUN echo '{% nothing %}' >templates/base.html\nUSER 10001:10001\n"
    )
    words = ("--quiet", "--file", host.project / "Broken", "--tag", image)
    host.run("docker", "build", *map(str, words), str(host.project / "deploy"))
    with host.load() as seen:
        lines = refusal("./switch.sh", image, cwd=host.folder, env=host.env)
    say("summary", f"pages that fail: {seen}")
    assert lines[-1] == f"{image} has pages that fail: blue keeps serving."
    assert re.search(r"^/\?release=\w+ answers 500$", "\n".join(lines), re.MULTILINE)
    assert not seen.failed
    running = [each for each in host.containers().values() if each["State"]["Running"]]
    assert image not in [each["Config"]["Image"] for each in running]


def a_release_takes_over_without_a_failed_request(host: Host, say: Say) -> None:
    before, image = host.serving(), host.prepare_release()
    slow = "worker" in host.services()
    if slow:
        host.shell("from apps.accounts.tasks import slow; slow.delay()")
        wait_until(lambda: "slow task begins" in host.compose("logs", "worker"))
    # As a switch leaves it that is interrupted before nginx has read it.
    replace("upstream.conf", "blue.sock", "green.sock")(host.folder)
    with host.load() as seen:
        started = time.monotonic()
        host.switch(image)
    say("summary", f"blue to green in {time.monotonic() - started:.0f} s: {seen}")
    assert len(seen) > 20
    assert not seen.failed
    if slow:
        # By the new worker, whose log is another container's.
        assert "slow task begins" in host.compose("logs", "worker")

    assert host.serving() != before
    running = host.containers()
    assert not running[before]["State"]["Running"]
    assert running[host.serving()]["Config"]["Image"] == image
    # Nobody has to start anything: neither the next `up` nor the machine's next start.
    planned = host.run("docker", "compose", "--dry-run", "up", "--detach")
    assert not re.findall(
        r"nginx\S* +(?:Recreate|Start)|web\S* +(?:Rec|Start)", planned
    )


def a_rollback_takes_seconds(host: Host, say: Say) -> None:
    released = host.serving()
    with host.load() as seen:
        switch = host.roll_back()
        started = time.monotonic()
        wait_until(lambda: host.serving() != released or switch.poll() is not None)
        seconds = time.monotonic() - started
        said, _ = switch.communicate()
    say("summary", f"rolled back in {seconds:.1f} s: {seen}")
    assert not switch.returncode, said
    assert not seen.failed
    assert host.containers()[host.serving()]["Config"]["Image"] == host.image


def all_of_it_stops_within_its_grace(host: Host, say: Say) -> None:
    started = time.monotonic()
    host.compose("stop")
    seconds = time.monotonic() - started
    codes = {
        service: found["State"]["ExitCode"]
        for service, found in host.containers().items()
    }
    say("summary", f"stopped within {seconds:.1f} s")
    assert set(codes.values()) == {0}, codes
    host.compose("up", "--detach", "--wait")
    assert host.ask("/").status == 200


PROMISES = [
    https_answers_after_one_redirect,
    a_file_switches_the_site_off_and_on,
    nginx_sends_the_static_files,
    all_parts_are_ready,
    somebody_signs_in,
    a_certificate_comes_and_is_renewed,
    a_task_goes_through_the_worker,
    lines_of_a_request_arrive_under_one_id,
    every_container_is_without_rights,
    nobody_but_nginx_has_a_port,
    no_secret_is_in_the_environment,
    site_role_is_no_superuser,
    redis_asks_for_a_password,
    uploads_are_stored_without_a_bucket,
    two_hundred_clients_share_ten_connections,
    statements_are_prepared_behind_pgbouncer,
    a_restart_of_pgbouncer_is_survived,
    a_backup_is_proven_and_replaces_a_newer_schema,
    a_release_whose_pages_fail_never_serves,
    a_release_takes_over_without_a_failed_request,
    a_rollback_takes_seconds,
    all_of_it_stops_within_its_grace,
]


@pytest.mark.scale
@pytest.mark.services("age", "certbot", "docker", "openssl", "pebble")
@pytest.mark.parametrize(
    "host", [DEFAULT, LEANEST], ids=["default", "leanest"], indirect=True
)
def test_host_set_up_by_hand_serves_the_site(
    host: Host, subtests: pytest.Subtests, record_property: Say
) -> None:
    for promise in PROMISES:
        with subtests.test(promise.__name__.replace("_", " ")):
            promise(host, record_property)


@pytest.mark.scale
@pytest.mark.services("docker", "openssl")
def test_broken_release_never_serves(host: Host, tmp_path: Path) -> None:
    before, image = host.serving(), f"{host.name}:v2"
    (tmp_path / "Dockerfile").write_text(
        f"FROM {host.image}\nUSER root\n"
        "RUN echo 'raise SystemExit(3)' >>config/wsgi.py\nUSER 10001:10001\n"
    )
    host.run("docker", "build", "--quiet", "--tag", image, str(tmp_path))

    lines = refusal("./switch.sh", image, cwd=host.folder, env=host.env)

    colour = before.removeprefix("web-")
    assert lines[-1] == f"{image} is not healthy: {colour} keeps serving."
    assert host.ask("/").status == 200
    running = {
        service: found["Config"]["Image"]
        for service, found in host.containers().items()
        if found["State"]["Running"]
    }
    assert image not in running.values()
    assert running[before] == host.image
    assert "worker" in running


@pytest.mark.scale
@pytest.mark.services("docker", "openssl")
def test_release_that_fails_later_is_left(
    host: Host, tmp_path: Path, record_property: Say
) -> None:
    somebody_signs_in(host, record_property)
    before, image = host.serving(), f"{host.name}:v2"
    # Longer than the release check takes.
    failing = (
        "import time; begun, healthy = time.monotonic(), application\n"
        "def application(environ, start):\n"
        "    if time.monotonic() > begun + 40: raise OSError\n"
        "    return healthy(environ, start)\n"
    )
    (tmp_path / "later.py").write_text(failing)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {host.image}\nUSER root\nCOPY later.py /tmp/\n"
        "RUN cat /tmp/later.py >>config/wsgi.py\nUSER 10001:10001\n"
    )
    host.run("docker", "build", "--quiet", "--tag", image, str(tmp_path))

    with host.load() as seen:
        env = host.env | {"WATCH": "90"}
        lines = refusal("./switch.sh", image, cwd=host.folder, env=env)
        back = time.monotonic()
        time.sleep(2)

    colour = before.removeprefix("web-")
    failed = seen.failed
    record_property("summary", f"errors for {failed[-1] - failed[0]:.1f} s: {seen}")
    assert lines[-1] == f"{image} answers with server errors: {colour} keeps serving."
    assert not [asked for asked in failed if asked > back]
    assert host.serving() == before


# Without Docker's engine


@pytest.mark.services("docker")
@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_compose_accepts_the_files(
    bake: Bake, tmp_path: Path, answers: dict[str, object]
) -> None:
    project = shutil.copytree(bake(**answers), tmp_path / "project")
    host = project / "deploy/compose"
    run("sh", "setup.sh", cwd=host, env={"GROUP": str(os.getgid())})
    config = ("docker", "compose", "--profile", "*", "config", "--format", "json")

    whole = json.loads(run(*config, cwd=host))
    local = json.loads(run(*config, cwd=project, env={"POSTGRES_PASSWORD": "trial"}))
    watched = json.loads(
        run(
            *config,
            cwd=project,
            env={
                "POSTGRES_PASSWORD": "trial",
                "METRICS_BIND": "0.0.0.0:9464",
                "COMPOSE_FILE": "compose.yml:plinth/monitoring.yml",
            },
        )
    )
    beside = {"COMPOSE_FILE": "compose.yml:monitoring.yml:logs.yml"}
    shipped = json.loads(run(*config, cwd=host, env=beside))

    assert {"web-blue", "web-green", "nginx", "postgres"} <= whole["services"].keys()
    ports = {port["host_ip"] for port in whole["services"]["nginx"]["ports"]}
    assert ports == {"0.0.0.0"}
    assert ("worker" in whole["services"]) is ("worker" in local["services"])
    assert {"logs", "loki", "prometheus", "web-blue"} <= shipped["services"].keys()
    # `make monitoring`: the services of development, and no others of production.
    assert watched["services"].keys() - local["services"].keys() == {
        *("alertmanager", "grafana", "postgres-exporter", "prometheus"),
        "redis-exporter",
    }
    for name in {"web", "worker"} & watched["services"].keys():
        environment = watched["services"][name]["environment"]
        assert environment["METRICS_BIND"] == "0.0.0.0:9464"
    for service in watched["services"].values():
        assert not service.get("secrets")
        assert service["networks"].keys() == {"default"}
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1"
    assert ("broker" in whole["services"]) is answers.get("use_celery", True)


@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_memory_limits_fit_the_documented_machine(
    bake: Bake, answers: dict[str, object]
) -> None:
    project = bake(**answers)
    text = (project / "deploy/compose/compose.yml").read_text()
    units = {"m": 1, "g": 1024}
    # Both colours, as during a release; one-off commands run before the second starts.
    megabytes = sum(
        int(service["mem_limit"][:-1]) * units[service["mem_limit"][-1]]
        for service in yaml.safe_load(text)["services"].values()
        if service.get("profiles") != ["release"]
    )
    page = (project / "docs/production.md").read_text()
    [gigabytes] = map(int, re.findall(r"(\d+) GB of memory", page))

    # The rest is for the machine's own processes, and for its page cache.
    assert megabytes <= gigabytes * 1024 - 256, megabytes


def test_second_switch_is_refused(bake: Bake, tmp_path: Path) -> None:
    host = shutil.copytree(bake(), tmp_path / "project") / "deploy/compose"

    with (host / ".switch").open("w") as lock:
        flock(lock, LOCK_EX)
        lines = refusal("./switch.sh", "image", cwd=host)

    assert lines == ["Another switch is running."]


@pytest.mark.parametrize(
    "answers",
    [DEFAULT, LEANEST, {"deploy": "systemd"}],
    ids=["default", "leanest", "systemd"],
)
def test_shellcheck_finds_nothing(bake: Bake, answers: dict[str, object]) -> None:
    project = bake(**answers)
    scripts = [path for path in project.rglob("*.sh") if path.is_file()]

    assert len(scripts) >= 3
    run(Path(sys.executable).with_name("shellcheck"), *scripts, cwd=project)
