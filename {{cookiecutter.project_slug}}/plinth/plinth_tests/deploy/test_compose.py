"""deploy/compose: restrictions, networks, health checks and secrets of each container."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from .nginx import values

FOLDER = settings.BASE_DIR / "deploy" / "compose"
if not FOLDER.exists():
    pytest.skip("no deploy/compose in this project", allow_module_level=True)
# Services whose image is built here; the Dockerfile sets the user.
OWN_IMAGES = {"x-app": "Dockerfile", "pgbouncer": "deploy/pgbouncer/Dockerfile"}
# Services with data, on the network without connections to the outside.
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
    return bool("IMAGE" in service.get("image", ""))


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_every_container_is_restricted(subtests: pytest.Subtests) -> None:
    for name, service in services().items():
        with subtests.test(name):
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert not service.keys() & {"cap_add", "privileged", "pid"}
            assert service.get("network_mode", "none") == "none"
            assert service["mem_limit"]
            # A file system in memory without a size may take half of the machine's.
            tmpfs = service["tmpfs"]
            for mount in [tmpfs] if isinstance(tmpfs, str) else tmpfs:
                assert "size=" in mount or mount.startswith(("/run", "/var/run"))
            assert service["pids_limit"] > 0
            assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
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


def test_only_nginx_is_reachable_from_outside() -> None:
    assert {name for name in services() if "ports" in services()[name]} == {"nginx"}
    assert compose()["networks"]["back"]["internal"] is True
    for name, service in services().items():
        # `static` has none.
        networks = service.get("networks", [])
        assert (networks == ["back"]) is (name in INNER), name
    # nginx uses the socket, and reaches no database.
    assert services()["nginx"]["networks"] == ["front"]


def test_ports_are_on_ipv4_unless_the_network_has_ipv6() -> None:
    front = compose()["networks"]["front"] or {}
    for port in services()["nginx"]["ports"]:
        assert ":-0.0.0.0:" in port or front.get("enable_ipv6"), port


def test_one_off_commands_have_only_the_secrets_that_they_need() -> None:
    static, migrate = services()["static"], services()["migrate"]

    assert not static.keys() & {"secrets", "environment", "env_file"}
    assert set(migrate["secrets"]) == {
        "secret_key",
        "database_url",
        "database_direct_url",
        "redis_url",
    }
    for service in (static, migrate):
        # They are not part of `up`: it would wait for them, and fail when they have ended.
        assert service["profiles"] == ["release"]
    for name, service in services().items():
        assert not {"static", "migrate"} & {*service.get("depends_on", [])}, name


def test_site_role_is_no_superuser() -> None:
    postgres = services()["postgres"]
    assert "POSTGRES_USER" not in postgres["environment"]
    [script] = [it for it in postgres["volumes"] if "initdb.d" in it]
    text = (FOLDER / script.partition(":")[0]).read_text()
    assert re.findall("CREATE ROLE.*", text) == [
        "CREATE ROLE app LOGIN PASSWORD :'password';"
    ]


@pytest.mark.practice(39)
def test_secrets_are_files_and_not_in_the_environment() -> None:
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


def test_env_example_names_every_variable_of_compose() -> None:
    text = (FOLDER / "compose.yml").read_text()
    example = (FOLDER / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))

    # Compose itself reads COMPOSE_PROFILES.
    read = set(re.findall(r"\$\{([A-Z_]+)", text)) | {"COMPOSE_PROFILES"}

    assert read == listed


def test_blue_and_green_differ_in_their_socket_only() -> None:
    blue, green = services()["web-blue"], services()["web-green"]

    def without_colour(web: dict[str, Any]) -> dict[str, Any]:
        rest = {name: web[name] for name in web if name != "profiles"}
        return rest | {"environment": web["environment"] | {"WEB_BIND": ""}}

    assert without_colour(blue) == without_colour(green)
    for colour, web in (("blue", blue), ("green", green)):
        assert web["profiles"] == [colour]
        assert web["environment"]["WEB_BIND"] == f"unix:/run/app/{colour}.sock"


def test_grace_periods_exceed_shutdown_timeouts(
    production: dict[str, str],
) -> None:
    grace = {
        name: seconds(service.get("stop_grace_period", "10s"))
        for name, service in services().items()
    }

    assert grace["web-blue"] > float(production["graceful_timeout"])
    [shutdown] = values("worker_shutdown_timeout")
    assert grace["nginx"] > seconds(shutdown)
    if "worker" in grace:
        from plinth.tasks.app import app

        assert grace["worker"] > app.conf.worker_soft_shutdown_timeout


@pytest.mark.practice(73)
def test_health_check_names_the_role_of_the_container() -> None:
    for name, service in services().items():
        if is_app(service):
            health = service.get("healthcheck", {})
            if name in {"migrate", "static"}:
                assert health == {"disable": True}, name
            elif name in {"worker", "beat"}:
                assert health["test"] == f"python -m plinth.server.healthcheck {name}"
            else:
                # The image's, for the web.
                assert not health, name


def test_redis_asks_for_a_password() -> None:
    for name in {"cache", "broker"} & services().keys():
        service = services()[name]
        assert service["command"].startswith("redis-server /run/secrets/redis.conf ")
        assert service["secrets"] == ["redis.conf"]
        assert "redis-cli -e ping" in service["healthcheck"]["test"]


def test_cache_evicts_and_broker_does_not() -> None:
    cache = services()["cache"]["command"]
    assert "--maxmemory-policy allkeys-lru" in cache
    assert '--save "" --appendonly no' in cache
    if "broker" in services():
        broker = services()["broker"]
        assert "--maxmemory-policy noeviction --appendonly yes" in broker["command"]
        assert broker["volumes"] == ["broker:/data"]


# Files that setup.sh creates


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """The folder on a host, after setup.sh."""
    for name in ("compose", "logs", "monitoring", "nginx", "pgbouncer", "postgresql"):
        shutil.copytree(settings.BASE_DIR / "deploy" / name, tmp_path / "deploy" / name)
    for name in ("setup.sh", "site.env.example"):
        shutil.copy(settings.BASE_DIR / "deploy" / name, tmp_path / "deploy")
    set_up(tmp_path / "deploy/compose")
    return tmp_path / "deploy/compose"


def set_up(host: Path) -> None:
    # By default it is the containers' group, which only root can set.
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "GROUP": str(host.stat().st_gid)}
    subprocess.run(["sh", "setup.sh"], cwd=host, env=env, check=True)


@pytest.mark.practice(39)
def test_secrets_are_created_once_and_readable_by_the_group_only(host: Path) -> None:
    secrets = {file.name: file for file in (host / "secrets").iterdir()}
    texts = {name: file.read_text() for name, file in secrets.items()}

    beside = [
        yaml.safe_load((host / f"{name}.yml").read_text())
        for name in ("logs", "monitoring", "groups/reads", "groups/replica")
    ]
    assert texts.keys() == {
        Path(secret["file"]).name
        for file in (compose(), *beside)
        for secret in file["secrets"].values()
    }
    assert set(json.loads(texts["redis_exporter.json"]).values()) == {
        texts["redis.conf"].removeprefix("requirepass ").strip()
    }
    for name, file in secrets.items():
        assert file.stat().st_mode & 0o777 == 0o640, name
    assert (host / "secrets").stat().st_mode & 0o007 == 0
    made = [texts[name] for name in ("secret_key", "postgres_password", "app_password")]
    made.append(texts["redis.conf"].removeprefix("requirepass ").strip())
    assert len({*made}) == 4
    for secret in made:
        assert re.fullmatch("[0-9a-f]{64}", secret)
    assert texts["redis_url"] == f"redis://:{made[3]}@cache:6379/0"
    if "broker" in services():
        assert texts["celery_broker_url"] == f"redis://:{made[3]}@broker:6379/0"
        # A cache server might evict a lock.
        assert texts["redis_locks_url"] == f"redis://:{made[3]}@broker:6379/1"

    (host / "secrets/email_url").write_text("smtp://localhost")
    set_up(host)

    again = {name: file.read_text() for name, file in secrets.items()}
    assert again == texts | {"email_url": "smtp://localhost"}


def test_nginx_gets_the_colour_of_a_restored_env(host: Path) -> None:
    env = host / ".env"
    env.write_text(env.read_text().replace("PROFILES=blue", "PROFILES=green"))

    set_up(host)

    assert "unix:/run/app/green.sock;" in (host / "upstream.conf").read_text()


def test_containers_can_read_a_checkout_without_rights_for_others(host: Path) -> None:
    folders = [host.parent / name for name in ("nginx", "pgbouncer", "postgresql")]
    files = [file for folder in folders for file in (folder, *folder.rglob("*"))]
    for file in files:
        file.chmod(0o700 if file.is_dir() else 0o600)

    set_up(host)

    for file in files:
        wanted = 0o005 if file.is_dir() else 0o004
        assert file.stat().st_mode & 0o007 == wanted, file


@pytest.mark.practice(39)
def test_git_ignores_created_files(host: Path) -> None:
    top = host.parent.parent
    (host / "backups").mkdir()
    for name in ("backup.pub", "backups/file", "site.dump", "site.key"):
        (host / name).touch()
    git = ["git", "-C", str(top)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)

    known = subprocess.check_output([*git, "ls-files", "deploy/compose"], text=True)

    assert {Path(name).name for name in known.split()} == {
        ".env.example",
        ".gitignore",
        "backup.sh",
        "cache.yml",
        "certificate.sh",
        "compose.yml",
        "database.yml",
        "logs.yml",
        "monitoring.yml",
        "no-cache.yml",
        "no-database.yml",
        "no-web.yml",
        "reads.yml",
        "redis.yml",
        "replica.yml",
        "restore-drill.sh",
        "restore.sh",
        "setup.sh",
        "site.yml",
        "switch.sh",
        "web.yml",
    }


@pytest.mark.practice(34)
def test_queries_use_pgbouncer_and_migrations_bypass_it(host: Path) -> None:
    secrets = host / "secrets"
    password = (secrets / "app_password").read_text()

    assert (secrets / "database_url").read_text() == (
        f"postgres://app:{password}@pgbouncer:6432/app"
    )
    assert (secrets / "database_direct_url").read_text() == (
        f"postgres://app:{password}@postgres:5432/app"
    )
    # PgBouncer checks a client's password, and logs in to the server with it.
    assert (secrets / "userlist").read_text() == f'"app" "{password}"\n'
    for name, service in services().items():
        environment = service.get("environment", {})
        pooler = environment.get("DATABASE_POOLER")
        assert ("DATABASE_URL_FILE" in environment) is (pooler == "pgbouncer"), name
