"""The image serves as production does, and the compose file as a developer wants it."""

import gzip
import http.client
import io
import json
import random
import re
import subprocess
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.services import PRODUCTION, free_port, get, wait_until
from tests.support import (
    DEFAULT,
    LEANEST,
    Say,
    copy_of,
    documented,
    refusal,
    run,
)

pytestmark = pytest.mark.services("docker")

Answers = dict[str, object]

HERE = Path(__file__).parent
# As somebody runs it who trusts it with nothing.
RESTRICTED = [
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges"),
]
ALIVE = ("python", "-m", "plinth.server.healthcheck")
# Seconds in which each process ends its work; Docker would kill it after them.
GRACE = 35
# Megabytes above those of the image that it stands on.
BUDGETS = {"default": 180, "leanest": 110}


def docker(*arguments: str) -> str:
    return run("docker", *arguments, cwd=HERE, env={"DOCKER_BUILDKIT": "1"}).strip()


def docker_fails(*arguments: str) -> str:
    return "\n".join(refusal("docker", *arguments, cwd=HERE))


@contextmanager
def named(make: Callable[[str], object], *remove: str) -> Iterator[str]:
    """A name of its own for something of Docker's, which is removed in the end."""
    name = f"plinth-test-{uuid.uuid4().hex[:12]}"
    try:
        make(name)
        yield name
    finally:
        subprocess.run(["docker", *remove, name], capture_output=True, check=False)


@contextmanager
def container(*arguments: str, before: list[str] | None = None) -> Iterator[str]:
    """A container of an image and its command, with these options before them."""

    def start(name: str) -> None:
        docker("run", "--detach", "--name", name, *(before or []), *arguments)

    with named(start, "rm", "--force", "--volumes") as name:
        yield name


def options(**variables: str) -> list[str]:
    return [part for pair in variables.items() for part in ("--env", "=".join(pair))]


def state(name: str, of: str, form: str = "") -> str:
    return docker("inspect", "--format", f"{{{{{form}.{of}}}}}", name)


def address(name: str) -> str:
    [network] = json.loads(state(name, "NetworkSettings.Networks", "json ")).values()
    return network["IPAddress"]


@pytest.fixture(scope="module", params=[DEFAULT, LEANEST], ids=["default", "leanest"])
def answers(request: pytest.FixtureRequest) -> Answers:
    return request.param


@contextmanager
def built(project: Path, folder: Path) -> Iterator[str]:
    """The image of a project, as a checkout under umask 077 leaves it.

    User 10001 is one of the others.
    """
    project = copy_of(project, folder, ".venv")
    run("chmod", "-R", "go-rwx", ".", cwd=project)
    build = ["build", "--build-arg", "RELEASE=v1", str(project), "--tag"]
    with named(lambda name: docker(*build, name), "image", "rm", "--force") as name:
        yield name


@pytest.fixture(scope="module")
def image(
    answers: Answers, install: Bake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with built(install(**answers), tmp_path_factory.mktemp("image")) as name:
        yield name


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    with named(lambda name: docker("network", "create", name), "network", "rm") as name:
        yield name


@pytest.fixture(scope="module")
def database(network: str) -> Iterator[str]:
    """A PostgreSQL on the network."""
    env = options(POSTGRES_PASSWORD="trial", POSTGRES_USER="app")
    with container("postgres:17", before=["--network", network, *env]) as name:
        ready = f"docker exec {name} pg_isready --host 127.0.0.1 --username app".split()
        wait_until(lambda: not subprocess.run(ready, check=False).returncode)
        yield name


@pytest.fixture(scope="module")
def beside(network: str, database: str, image: str) -> Iterator[list[str]]:
    """What a container runs with: no rights, and a PostgreSQL and a Redis beside it."""
    docker("exec", database, "createdb", "--username", "app", image)
    with container("redis:7", before=["--network", network]) as redis:
        env = PRODUCTION | {
            "DATABASE_URL": f"postgres://app:trial@{database}:5432/{image}",
            "REDIS_URL": f"redis://{redis}/0",
            "CELERY_BROKER_URL": f"redis://{redis}/1",
            "DATABASE_LOCK_TIMEOUT": "30",
        }
        start = [*RESTRICTED, "--network", network, *options(**env)]
        migrate = docker("run", "--rm", *start, image, "python", "manage.py", "migrate")
        assert "Applying accounts.0001_initial" in migrate
        yield start


def healthy(*names: str) -> Callable[[], bool]:
    return lambda: {state(name, "State.Health.Status") for name in names} == {"healthy"}


def test_every_process_runs_without_privileges_and_stops_on_sigterm(
    image: str, answers: Answers, beside: list[str], record_property: Say
) -> None:
    port = free_port()
    commands: dict[str, list[str]] = {"web": []}
    if answers == DEFAULT:
        celery = ["celery", "--app", "config.celery"]
        commands["worker"] = [*celery, "worker"]
        commands["beat"] = [*celery, "beat", "--schedule", "/tmp/celerybeat-schedule"]
    with ExitStack() as stack:
        names = {
            role: stack.enter_context(
                container(
                    image,
                    *command,
                    before=[*beside, "--publish", f"127.0.0.1:{port}:8000"]
                    if role == "web"
                    else [*beside, "--health-cmd", " ".join((*ALIVE, role))],
                )
            )
            for role, command in commands.items()
        }
        web = names["web"]
        site = f"http://127.0.0.1:{port}"
        wait_until(lambda: get(f"{site}/health/live/", host="").status == 200)
        home = get(site)
        assert home.status == 200
        assert get(site, host="other.example").status == 400
        assert json.loads(get(f"{site}/health/ready/", host="").text)["status"] == "ok"

        style = home.text.split('rel="stylesheet" href="')[1].split('"')[0]
        static = get(f"{site}{style}", Accept_Encoding="identity")
        assert static.status == 200
        assert "immutable" in static.headers["Cache-Control"]

        wait_until(healthy(*names.values()))
        for role, name in names.items():
            status = docker("exec", name, "cat", "/proc/1/status")
            assert re.search(r"^Uid:\s+10001\s", status, re.MULTILINE), role
            assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), role
            # None, nor any that it could take.
            assert {*re.findall(r"^Cap\w+:\s+(\w+)$", status, re.MULTILINE)} == {
                "0" * 16
            }, role
        assert docker("exec", web, "printenv", "RELEASE") == "v1"

        # And who does none is found out.
        elsewhere = docker_fails(
            "exec", "--env", "WEB_BIND=127.0.0.1:1", web, *ALIVE, "web"
        )
        assert "127.0.0.1:1 does not answer" in elsewhere
        if beat := names.get("beat"):
            docker("kill", "--signal", "STOP", beat)
            assert "does not answer within" in docker_fails(
                "exec", beat, *ALIVE, "beat"
            )
            docker("kill", "--signal", "CONT", beat)

        began = time.monotonic()
        docker("stop", "--time", str(GRACE), *names.values())
        took = time.monotonic() - began
        codes = {role: state(name, "State.ExitCode") for role, name in names.items()}
        assert {*codes.values()} == {"0"}, codes
        record_property("summary", f"{', '.join(names)} stopped in {took:.1f} s")


@pytest.mark.parametrize("answers", [DEFAULT], ids=["default"], indirect=True)
def test_image_runs_as_platforms_run_it(
    image: str, beside: list[str], bake: Bake
) -> None:
    """With the variables of docs/paas.md, a PORT, and nothing to store anything in."""
    page = (bake(deploy="none") / "docs/paas.md").read_text()
    block = documented(bake(deploy="none") / "docs/paas.md", "SECRET_KEY=")
    named_there = {*re.findall(r"(?m)^    (\w+)=", block)}
    given = {it.split("=")[0] for it in beside if re.match(r"[A-Z_]+=", it)}
    required = {"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "EMAIL_URL"}
    assert required <= named_there & given
    path = "/health/live/"
    assert page.count(path) >= 4
    port = free_port()
    env = options(
        PORT="5000",
        WEB_CONCURRENCY="2",
        SECURE_SSL_REDIRECT="true",
        # Where Docker's networks are.
        TRUSTED_PROXIES="172.16.0.0/12,192.168.0.0/16",
    )
    publish = ["--publish", f"127.0.0.1:{port}:5000"]
    with container(image, before=[*beside, *env, *publish]) as name:
        site = f"http://127.0.0.1:{port}"
        wait_until(lambda: get(f"{site}{path}", host="10.1.2.3").status == 200)
        plain = get(site)
        home = get(site, X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.7")
        style = home.text.split('rel="stylesheet" href="')[1].split('"')[0]
        static = get(f"{site}{style}", X_Forwarded_Proto="https")

        assert (plain.status, home.status, static.status) == (301, 200, 200)
        stored = docker(
            "exec", name, "find", "/app/media", "/app/private", "-type", "f"
        )
        assert stored == ""
        docker("stop", "--time", str(GRACE), name)
        assert state(name, "State.ExitCode") == "0"

    with container(
        image, before=[*beside, *env, *options(TRUSTED_PROXIES=""), *publish]
    ) as name:
        wait_until(lambda: get(f"{site}{path}", host="").status == 200)
        assert get(site, X_Forwarded_Proto="https").status == 301
        assert "is it a proxy? Name it in TRUSTED_PROXIES" in docker("logs", name)


@contextmanager
def locked(database: str, name: str, table: str) -> Iterator[Callable[[], bool]]:
    """Lock a table; yield whether somebody waits for it by now."""
    psql = ["psql", "--username", "app", name, "-At"]
    command = ["docker", "exec", "--interactive", database, *psql]

    def locks(which: str) -> str:
        of = f"relation = '{table}'::regclass"
        sql = f"SELECT count(*) FROM pg_locks WHERE {which} AND {of}"
        return docker("exec", database, *psql, "--command", sql)

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as holds:
        assert holds.stdin
        # The end of its input ends the transaction.
        holds.stdin.write(f"BEGIN; LOCK TABLE {table};\n")
        holds.stdin.flush()
        wait_until(lambda: locks("granted") == "1")
        yield lambda: locks("NOT granted") == "1"
        holds.stdin.close()


class Balancer:
    """Asks one of the servers that are in use, again and again, as 6 clients."""

    def __init__(self, *servers: str) -> None:
        self.servers, self.done = [*servers], threading.Event()
        self.answers: list[str] = []

    def ask(self) -> None:
        while not self.done.is_set():
            self.answers.append(fetch(random.choice(self.servers)))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(6) as clients:
            for _ in range(6):
                clients.submit(self.ask)
            try:
                yield
            finally:
                self.done.set()

    def failed(self, *well: str) -> list[str]:
        return [answer for answer in self.answers if answer not in {"200", *well}]


def fetch(server: str, path: str = "/accounts/sign-in/") -> str:
    """Return how a page ended: its status, `refused` before it was sent, or an error."""
    with closing(http.client.HTTPConnection(server, 8000, timeout=60)) as connection:
        try:
            connection.connect()
        except OSError:
            time.sleep(0.01)
            return "refused"
        try:
            connection.request("GET", path, headers={"Host": "example.com"})
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return repr(error)


@pytest.mark.parametrize("answers", [DEFAULT], ids=["default"], indirect=True)
def test_stopping_web_container_loses_no_request(
    image: str, beside: list[str], database: str, record_property: Say
) -> None:
    with (
        container(image, before=beside) as one,
        container(image, before=beside) as two,
    ):
        # By their own addresses: what Docker publishes is answered by Docker.
        first, second = address(one), address(two)
        wait_until(lambda: fetch(first, "/health/live/") == "200")
        wait_until(lambda: fetch(second, "/health/live/") == "200")
        balancer = Balancer(first, second)
        with (
            balancer.at_work(),
            ThreadPoolExecutor(2) as others,
            locked(database, image, "catalog_product") as waits,
        ):
            # Somebody's page waits for the database while the server is told to stop.
            long = others.submit(fetch, first, "/catalog/products/")
            wait_until(waits)
            balancer.servers.remove(first)
            # So long it may take until who chose it has reached it.
            time.sleep(1)
            stops = others.submit(docker, "stop", "--time", str(GRACE), one)
            wait_until(lambda: "Handling signal: term" in docker("logs", one))
            assert not long.done()
        stops.result()
        assert long.result() == "200"
        assert state(one, "State.ExitCode") == "0"
        taken_out, failed = len(balancer.answers), balancer.failed()
        assert taken_out > 20
        assert not failed

        # Without a word to the balancer, which sends elsewhere what was refused.
        told = Balancer(second)
        with told.at_work():
            time.sleep(1)
            docker("stop", "--time", str(GRACE), two)
        refused = told.answers.count("refused")
        lost = told.failed("refused")
        record_property(
            "summary",
            f"taken out of use, then stopped: {taken_out} requests, {len(failed)} "
            f"failed; stopped without a word: {len(told.answers)} requests, {refused} "
            f"refused before they were sent, {len(lost)} failed",
        )


def test_image_holds_only_what_runs(image: str) -> None:
    files = docker("run", "--rm", image, "find", "/app", "-maxdepth", "1").split()
    assert set(files) - {"/app/media", "/app/private"} == {
        "/app",
        *(
            f"/app/{name}"
            for name in (
                "apps",
                "config",
                "manage.py",
                "plinth",
                "pyproject.toml",
                "static",
                "staticfiles",
                "templates",
                "uv.lock",
            )
        ),
    }
    programs = docker("run", "--rm", image, "ls", "/opt/venv/bin").split()
    assert "gunicorn" in programs
    assert not {"pytest", "uv", "watchfiles"} & {*programs}


def layers(image: str) -> Iterator[bytes]:
    """Yield every file of an image as Docker saves it, unpacked: layers and settings."""
    with (
        subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving,
        tarfile.open(fileobj=saving.stdout, mode="r|") as archive,
    ):
        for member in archive:
            if file := archive.extractfile(member):
                content = file.read()
                packed = content.startswith(b"\x1f\x8b")
                yield gzip.decompress(content) if packed else content


def test_no_layer_of_the_image_holds_a_secret(
    image: str, answers: Answers, install: Bake
) -> None:
    """Layers below can hold what a layer above has deleted."""
    text = (install(**answers) / ".env").read_text()
    secrets = re.findall(r"^\w+=(?:\w+:)?([\w-]{40,})$", text, re.MULTILINE)
    assert len(secrets) >= 2
    names: set[str] = set()
    for content in layers(image):
        assert not [secret for secret in secrets if secret.encode() in content]
        # What the build needed for a moment.
        assert b"SECRET_KEY=only" not in content
        try:
            with tarfile.open(fileobj=io.BytesIO(content)) as layer:
                names |= {*layer.getnames()}
        except tarfile.ReadError:
            pass
    assert "app/plinth/src/plinth/server/healthcheck.py" in names
    assert not [name for name in names if Path(name).name.startswith(".env")]


def test_image_stays_within_its_size_budget(
    image: str, request: pytest.FixtureRequest, record_property: Say
) -> None:
    kind = request.node.callspec.id
    base = "python:3.13-slim-bookworm"
    size, stands_on = (int(state(name, "Size")) / 1e6 for name in (image, base))

    record_property("summary", f"{kind}: {size - stands_on:.0f} MB above {base}")
    assert size - stands_on < BUDGETS[kind]


@pytest.mark.scale
def test_image_benchmark_leaves_no_image(install: Bake, record_property: Say) -> None:
    project = install()
    before = {*docker("image", "ls", "--quiet").split()}
    words = [
        project / ".venv/bin/python",
        "-m",
        "plinth.benchmarks.image",
        "--format=json",
    ]
    found = json.loads(run(*words, cwd=project))

    assert {*docker("image", "ls", "--quiet").split()} == before
    assert found["megabytes_above_base"] < BUDGETS["default"]
    assert 0 < found["changed_seconds"] < found["cold_seconds"]
    record_property(
        "summary", ", ".join(f"{name} {number:g}" for name, number in found.items())
    )


def test_image_without_a_lock_names_the_command_that_makes_it(
    bake: Bake, tmp_path: Path
) -> None:
    project = copy_of(bake(), tmp_path)

    said = docker_fails("build", "--progress", "plain", str(project))

    assert "uv.lock is missing: run 'make setup' first." in said


def test_image_benchmark_is_skipped_without_docker(install: Bake) -> None:
    project = install()
    words = [project / ".venv/bin/python", "-m", "plinth.benchmarks.image"]
    assert run(*words, cwd=project, env={"PATH": "/nowhere"}) == (
        "Skipped the image: it needs Docker.\n"
    )


def test_image_has_labels(bake: Bake) -> None:
    odd = "O'Neil's 東京 100% `x` $HOME #1"
    text = (bake(project_name=odd, description=odd) / "Dockerfile").read_text()
    [labels] = re.findall(
        r"^(?:ARG .*\n)+ENV .*\n(LABEL (?:.*\\\n)*.*\n)", text, re.MULTILINE
    )
    small = f'FROM scratch\nARG RELEASE=""\nARG VERSION=""\n{labels}'
    build = ["docker", "build", "--build-arg", "RELEASE=abc", "-", "--tag"]

    def make(name: str) -> None:
        subprocess.run([*build, name], input=small.encode(), check=True)

    with named(make, "image", "rm", "--force") as name:
        found = json.loads(
            docker("inspect", "--format", "{{json .Config.Labels}}", name)
        )
    assert found == {
        "org.opencontainers.image.title": odd,
        "org.opencontainers.image.description": odd,
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.version": "",
    }


@pytest.mark.parametrize("answers", [LEANEST], ids=["leanest"], indirect=True)
def test_media_volumes_are_writable(image: str) -> None:
    touch = ["touch", "/app/media/upload", "/app/private/upload"]
    docker("run", "--rm", *RESTRICTED, image, *touch)


def test_image_without_variables_exits_with_one_line(image: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", image], capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    [line] = [text for text in done.stderr.splitlines() if "Required" in text]
    assert line.startswith("Required variables are not set: SECRET_KEY, ")
    assert "Traceback" not in done.stderr


NEW_TASK = """
from plinth.tasks.app import app

@app.task
def tried_out() -> str:
    return "came out new"
"""


def test_compose_serves_development_on_real_services(
    install: Bake, tmp_path: Path
) -> None:
    project = copy_of(install(), tmp_path)
    name = f"plinth-test-{uuid.uuid4().hex[:12]}"
    env = {
        "COMPOSE_PROJECT_NAME": name,
        "DOCKER_BUILDKIT": "1",
        **{part: str(free_port()) for part in ("PORT", "POSTGRES_PORT", "REDIS_PORT")},
    }

    logs = ("docker", "compose", "logs", "worker")

    def exec_in(service: str, *command: str) -> str:
        words = ("docker", "compose", "exec", "--no-TTY", service, *command)
        return run(*words, cwd=project, env=env)

    with ExitStack() as stack:
        stack.callback(
            run, "make", "down", "ARGS=--volumes --rmi local", cwd=project, env=env
        )
        run("make", "up", cwd=project, env=env)
        site = f"http://127.0.0.1:{env['PORT']}"
        assert get(site, host="localhost").status == 200
        parts = json.loads(get(f"{site}/health/ready/").text)["parts"]
        assert set(parts.values()) == {"ok"}
        assert "broker" in parts
        stored = exec_in(
            "database", "psql", "-U", "app", "-c", "TABLE django_migrations"
        )
        assert "0001_initial" in stored
        assert get(f"{site}/inbox/", host="localhost").status == 200

        # What changes is loaded anew, by the site and by the worker.
        with (project / "config/settings/local.py").open("a") as file:
            file.write('\nSITE_NAME = "Another name"\n')
        (project / "apps/accounts/tasks.py").write_text(NEW_TASK)
        wait_until(lambda: "Another name" in get(site, host="localhost").text)
        code = "from apps.accounts.tasks import tried_out; tried_out.delay()"

        def comes_out_new() -> bool:
            # A worker that does not know the task yet throws it away.
            exec_in("web", "python", "manage.py", "shell", "-v0", "--command", code)
            return "came out new" in run(*logs, cwd=project, env=env)

        wait_until(comes_out_new)

    owner = f"label=com.docker.compose.project={name}"
    for kind in ("container", "volume", "network", "image"):
        every = [] if kind != "container" else ["--all"]
        assert docker(kind, "ls", *every, "--quiet", "--filter", owner) == ""


def test_compose_starts_mailpit_on_request(install: Bake) -> None:
    def config(**env: str) -> dict[str, dict[str, dict]]:
        words = ("docker", "compose", "config", "--format", "json")
        return json.loads(run(*words, cwd=install(), env=env))["services"]

    assert "mail" not in config()
    assert config()["web"]["environment"]["EMAIL_URL"] == ""

    services = config(COMPOSE_PROFILES="mail", EMAIL_URL="smtp://mail:1025")
    assert services["worker"]["environment"]["EMAIL_URL"] == "smtp://mail:1025"
    [port] = services["mail"]["ports"]
    assert (port["host_ip"], port["target"]) == ("127.0.0.1", 8025)
