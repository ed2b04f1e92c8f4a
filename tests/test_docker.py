"""The image serves as production does, and the compose file as a developer wants it."""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.services import PRODUCTION, free_port, get, wait_until
from tests.support import DEFAULT, LEANEST, run

pytestmark = pytest.mark.services("docker")

SECRET = PRODUCTION["SECRET_KEY"]
HERE = Path(__file__).parent


def docker(*arguments: str) -> str:
    return run("docker", *arguments, cwd=HERE, env={"DOCKER_BUILDKIT": "1"}).strip()


@contextmanager
def named(make: Callable[[str], object], *remove: str) -> Iterator[str]:
    """A name of its own for something of Docker's, which is removed in the end."""
    name = f"plinth-test-{uuid.uuid4().hex[:12]}"
    try:
        make(name)
        yield name
    finally:
        subprocess.run(["docker", *remove, name], capture_output=True, check=False)


def options(**variables: str) -> list[str]:
    return [part for pair in variables.items() for part in ("--env", "=".join(pair))]


@pytest.fixture(scope="module", params=[DEFAULT, LEANEST], ids=["default", "leanest"])
def image(request: pytest.FixtureRequest, install: Bake) -> Iterator[str]:
    project = str(install(**request.param))
    build = ["build", "--build-arg", "RELEASE=v1", project, "--tag"]
    with named(lambda name: docker(*build, name), "image", "rm", "--force") as name:
        yield name


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    with named(lambda name: docker("network", "create", name), "network", "rm") as name:
        yield name


@pytest.fixture
def variables(network: str) -> Iterator[dict[str, str]]:
    """What production needs, with a PostgreSQL on the network."""

    def start(name: str) -> None:
        password = options(POSTGRES_PASSWORD="trial", POSTGRES_USER="app")
        docker(
            *f"run -d --network {network} --name".split(),
            name,
            *password,
            "postgres:17",
        )
        ready = f"exec {name} pg_isready --host 127.0.0.1 --username app".split()
        wait_until(
            lambda: not subprocess.run(["docker", *ready], check=False).returncode
        )

    with named(start, *["rm", "--force", "--volumes"]) as name:
        yield PRODUCTION | {"DATABASE_URL": f"postgres://app:trial@{name}:5432/app"}


def test_the_image_serves_read_only_and_without_rights(
    image: str, network: str, variables: dict[str, str]
) -> None:
    port = free_port()
    run_it = f"run --read-only --tmpfs /tmp --network {network}".split()
    migrate = [image, "python", "manage.py", "migrate"]
    assert "Applying accounts.0001_initial" in docker(
        *run_it, "--rm", *options(**variables), *migrate
    )

    publish = f"--detach --publish 127.0.0.1:{port}:8000 --name".split()

    def serve(name: str) -> None:
        docker(*run_it, *publish, name, *options(**variables), image)

    with named(serve, *["rm", "--force", "--volumes"]) as name:
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

        assert docker("exec", name, "id", "-u") == "10001"
        assert docker("exec", name, "printenv", "RELEASE") == "v1"
        health = ["inspect", "--format", "{{.State.Health.Status}}", name]
        wait_until(lambda: docker(*health) == "healthy", seconds=40)

        docker("stop", "--time", "20", name)
        code = docker("inspect", "--format", "{{.State.ExitCode}}", name)
        assert code == "0"


def test_nothing_but_what_runs_is_in_the_image(image: str) -> None:
    files = docker("run", "--rm", image, "find", "/app", "-maxdepth", "1").split()
    assert set(files) - {"/app/media", "/app/private"} == {
        "/app",
        *(
            f"/app/{name}"
            for name in (
                "apps",
                "config",
                "manage.py",
                "pyproject.toml",
                "static",
                "staticfiles",
                "templates",
                "uv.lock",
            )
        ),
    }
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    settings = docker("inspect", "--format", "{{json .Config}}", image)
    assert "SECRET_KEY=" not in history + settings
    programs = docker("run", "--rm", image, "ls", "/opt/venv/bin").split()
    assert "gunicorn" in programs
    assert "pytest" not in programs


@pytest.mark.parametrize("image", [LEANEST], ids=["leanest"], indirect=True)
def test_files_that_stay_on_the_disk_can_be_written(image: str) -> None:
    docker("run", "--rm", image, "touch", "/app/media/upload", "/app/private/upload")


def test_the_image_refuses_to_start_without_its_variables(image: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", image], capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    [line] = [text for text in done.stderr.splitlines() if "refuse" in text]
    assert "SECRET_KEY is missing" in line
    assert "Traceback" not in done.stderr


def test_compose_gives_a_developer_the_real_parts(install: Bake) -> None:
    project = install()
    name = f"plinth-test-{uuid.uuid4().hex[:12]}"
    env = {
        "COMPOSE_PROJECT_NAME": name,
        "DOCKER_BUILDKIT": "1",
        **{part: str(free_port()) for part in ("PORT", "POSTGRES_PORT", "REDIS_PORT")},
    }

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

        code = "from apps.core.tasks import clear_sessions; clear_sessions.delay()"
        exec_in("web", "python", "manage.py", "shell", "-v0", "--command", code)

        def done() -> bool:
            words = ("docker", "compose", "logs", "worker")
            return "succeeded" in run(*words, cwd=project, env=env)

        wait_until(done, seconds=30)
        stored = exec_in(
            "database", "psql", "-U", "app", "-c", "TABLE django_migrations"
        )
        assert "0001_initial" in stored

    owner = f"label=com.docker.compose.project={name}"
    for kind in ("container", "volume", "network", "image"):
        every = [] if kind != "container" else ["--all"]
        assert docker(kind, "ls", *every, "--quiet", "--filter", owner) == ""
