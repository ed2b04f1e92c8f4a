"""One production host, read as Compose reads it: what a container may, and who reaches it.

Whether it runs, only Docker can say: these tests read what it is told.
"""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from config import gunicorn

from .nginx import say

FOLDER = settings.BASE_DIR / "deploy" / "compose"
# In an image of ours, whose Dockerfile says as whom it runs.
OWN_IMAGES = {"x-app": "Dockerfile", "pgbouncer": "deploy/pgbouncer/Dockerfile"}
# These hold data, and nobody outside talks to them.
INNER = {"pgbouncer", "postgres", "cache", "broker"}


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text())
    return found


@cache
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def is_app(service: dict[str, Any]) -> bool:
    return bool(service.get("image") == compose()["x-app"]["image"])


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_no_container_can_do_more_than_its_work(subtests: pytest.Subtests) -> None:
    for name, service in services().items():
        with subtests.test(name):
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert not service.keys() & {"cap_add", "privileged", "network_mode", "pid"}
            assert service["mem_limit"]
            assert service["pids_limit"] > 0
            assert service["logging"]["options"].keys() == {"max-size", "max-file"}
            once = name in {"migrate", "static"}
            assert service["restart"] == ("no" if once else "unless-stopped")


def test_no_container_runs_as_root(subtests: pytest.Subtests) -> None:
    images = [
        (settings.BASE_DIR / path).read_text().rpartition("FROM ")[2]
        for path in OWN_IMAGES.values()
    ]
    for image in images:
        assert re.findall(r"(?m)^USER (?!root\b|0\b)\w", image)
    for name, service in services().items():
        if not is_app(service) and "build" not in service:
            with subtests.test(name):
                assert service["user"].split(":")[0] not in {"root", "0"}


def test_nobody_but_nginx_is_reached_from_outside() -> None:
    assert {name for name in services() if "ports" in services()[name]} == {"nginx"}
    assert compose()["networks"]["back"]["internal"] is True
    for name, service in services().items():
        assert (service["networks"] == ["back"]) is (name in INNER), name
    # Nginx talks over the socket; who breaks into it reaches no database.
    assert services()["nginx"]["networks"] == ["front"]


@pytest.mark.practice(39)
def test_secrets_are_files_and_never_in_the_environment() -> None:
    example = (settings.BASE_DIR / ".env.example").read_text()
    for name, service in services().items():
        given = {
            secret if isinstance(secret, str) else secret["source"]
            for secret in service.get("secrets", [])
        }
        assert given <= compose()["secrets"].keys()
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in given, name
                named = f"{variable.removesuffix('_FILE')}="
                assert not is_app(service) or named in example
            else:
                assert not re.search("PASSWORD|SECRET|TOKEN", variable), name
                assert "@" not in value, name


def test_each_variable_of_compose_is_in_its_example() -> None:
    text = (FOLDER / "compose.yml").read_text()
    example = (FOLDER / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))

    # Which Compose itself reads.
    read = set(re.findall(r"\$\{([A-Z_]+)", text)) | {"COMPOSE_PROFILES"}

    assert read == listed


def test_the_two_colours_differ_in_their_socket_alone() -> None:
    blue, green = services()["web-blue"], services()["web-green"]

    def but_for_the_colour(web: dict[str, Any]) -> dict[str, Any]:
        rest = {name: web[name] for name in web if name != "profiles"}
        return rest | {"environment": web["environment"] | {"WEB_BIND": ""}}

    assert but_for_the_colour(blue) == but_for_the_colour(green)
    for colour, web in (("blue", blue), ("green", green)):
        assert web["profiles"] == [colour]
        assert web["environment"]["WEB_BIND"] == f"unix:/run/app/{colour}.sock"


def test_each_process_has_the_time_that_it_needs_to_stop() -> None:
    grace = {
        name: seconds(service.get("stop_grace_period", "10s"))
        for name, service in services().items()
    }

    assert grace["web-blue"] > gunicorn.graceful_timeout
    [shutdown] = say("worker_shutdown_timeout")
    assert grace["nginx"] > seconds(shutdown)
    assert grace["worker"] > settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT


def test_what_may_be_forgotten_and_what_may_not_are_apart() -> None:
    cache = services()["cache"]["command"]
    assert "--maxmemory-policy allkeys-lru" in cache
    assert '--save "" --appendonly no' in cache
    if "broker" in services():
        broker = services()["broker"]
        assert "--maxmemory-policy noeviction --appendonly yes" in broker["command"]
        assert broker["volumes"] == ["broker:/data"]
        redis = services()["worker"]["environment"]
        assert redis["CELERY_BROKER_URL"].startswith("redis://broker:")
        assert redis["REDIS_LOCKS_URL"].startswith("redis://broker:")
        assert redis["REDIS_URL"].startswith("redis://cache:")


# What setup.sh makes


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host on which it has run, in a repository."""
    shutil.copytree(FOLDER, tmp_path / "deploy/compose")
    shutil.copytree(settings.BASE_DIR / "deploy/nginx", tmp_path / "deploy/nginx")
    set_up(tmp_path / "deploy/compose")
    return tmp_path / "deploy/compose"


def set_up(host: Path) -> None:
    # Elsewhere it is the group of the containers, to which only root can give files.
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "GROUP": str(host.stat().st_gid)}
    subprocess.run(["sh", "setup.sh"], cwd=host, env=env, check=True)


@pytest.mark.practice(39)
def test_each_secret_is_made_once_and_for_few(host: Path) -> None:
    secrets = {file.name: file for file in (host / "secrets").iterdir()}
    texts = {name: file.read_text() for name, file in secrets.items()}

    assert texts.keys() == {
        Path(secret["file"]).name for secret in compose()["secrets"].values()
    }
    for name, file in secrets.items():
        assert file.stat().st_mode & 0o777 == 0o640, name
    assert (host / "secrets").stat().st_mode & 0o007 == 0
    made = texts["secret_key"], texts["postgres_password"]
    assert made[0] != made[1]
    for secret in made:
        assert re.fullmatch("[0-9a-f]{64}", secret)

    (host / "secrets/email_url").write_text("smtp://localhost")
    set_up(host)

    again = {name: file.read_text() for name, file in secrets.items()}
    assert again == texts | {"email_url": "smtp://localhost"}


@pytest.mark.practice(39)
def test_git_has_nothing_of_what_is_made(host: Path) -> None:
    top = host.parent.parent
    git = ["git", "-C", str(top)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)

    known = subprocess.check_output([*git, "ls-files", "deploy/compose"], text=True)

    assert {Path(name).name for name in known.split()} == {
        ".env.example",
        ".gitignore",
        "certificate.sh",
        "compose.yml",
        "setup.sh",
        "site.env.example",
        "switch.sh",
    }


@pytest.mark.practice(34)
def test_pages_go_through_pgbouncer_and_migrations_past_it(host: Path) -> None:
    secrets = host / "secrets"
    password = (secrets / "postgres_password").read_text()

    assert (secrets / "database_url").read_text() == (
        f"postgres://app:{password}@pgbouncer:6432/app"
    )
    assert (secrets / "database_direct_url").read_text() == (
        f"postgres://app:{password}@postgres:5432/app"
    )
    # It asks a client for the password, and gives it to the server.
    assert (secrets / "userlist").read_text() == f'"app" "{password}"\n'
    for service in filter(is_app, services().values()):
        assert service["environment"]["DATABASE_POOLER"] == "pgbouncer"
