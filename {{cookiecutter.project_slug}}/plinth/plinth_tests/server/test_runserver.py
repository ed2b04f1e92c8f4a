"""runserver is for development; deployments start gunicorn."""

import socket
from http import HTTPStatus
from io import StringIO
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import (
    CommandError,
    base,
    call_command,
    get_commands,
    load_command_class,
)
from django.core.management.base import OutputWrapper
from django.db import OperationalError
from django.test import RequestFactory
from pytest_django import Settings

from plinth import checks as plinth_checks
from plinth.checks import check_apps
from plinth.env import Env
from plinth_tests.processes import EMBEDDED, python

pytestmark = pytest.mark.practice(37)


def test_runserver_refuses_without_debug() -> None:
    with pytest.raises(CommandError, match="start gunicorn"):
        # No address: it stops in any case, with another message.
        call_command("runserver", "nowhere")


@pytest.fixture
def handler(settings: Settings) -> Any:
    settings.DEBUG = True
    command = load_command_class(get_commands()["runserver"], "runserver")
    options = vars(command.create_parser("manage.py", "runserver").parse_args([]))
    return command.get_handler(**options)  # type: ignore[attr-defined]


def test_runserver_serves_static_files_in_local(handler: Any) -> None:
    assert isinstance(handler, StaticFilesHandler)


def test_path_out_of_the_static_files_is_not_found(
    handler: Any, rf: RequestFactory, settings: Settings
) -> None:
    request = rf.get(f"{settings.STATIC_URL}../config/settings/base.py")

    assert handler.get_response(request).status_code == HTTPStatus.NOT_FOUND


def test_other_runserver_brings_a_warning_in_development(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def warnings() -> list[str]:
        return [each.msg for each in check_apps() if each.id == "plinth.W004"]

    assert warnings() == []
    monkeypatch.setattr(plinth_checks, "get_commands", lambda: {"runserver": "daphne"})

    assert "The runserver of daphne starts without DEBUG" in warnings()[0]


@pytest.mark.parametrize("pooler", ["native", "none"])
def test_command_without_its_database_fails_with_one_line(pooler: str) -> None:
    url = "postgres://app:hidden@127.0.0.1:1/app?connect_timeout=1"
    variables = {"DATABASE_URL": url, "DATABASE_POOLER": pooler}

    done = python("manage.py", "migrate", **EMBEDDED | variables)

    assert done.returncode == 1
    # Notes of the project's own checks may come before it.
    line = done.stderr.splitlines()[-1]
    assert line.startswith("No database: connection failed: ")
    assert line.endswith("Start the server, or correct DATABASE_URL.")
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


def test_other_error_of_a_database_has_its_traceback() -> None:
    done = python("manage.py", "clearsessions", **EMBEDDED)

    assert "no such table: django_session" in done.stderr
    assert "Traceback" in done.stderr


def test_development_server_starts_without_its_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(command: object) -> None:
        raise OperationalError("no server") from psycopg.OperationalError()

    monkeypatch.setattr(base.BaseCommand, "check_migrations", check)
    command = load_command_class(get_commands()["runserver"], "runserver")
    said = StringIO()
    command.stderr = OutputWrapper(said)

    command.check_migrations()

    assert said.getvalue().startswith("No database: no server. Start the server")


def test_taken_port_names_the_next_one(settings: Settings) -> None:
    settings.DEBUG = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(CommandError) as caught:
            call_command("runserver", str(port))

    assert str(caught.value) == (
        f"Port {port} is in use. Take another one: make run PORT={port + 1}"
    )


def test_port_of_the_environment_is_the_default(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(Env, "variables", {"PORT": "8066"})
    command = load_command_class(get_commands()["runserver"], "runserver")

    with patch.object(command, "run") as run:
        call_command(command)

    assert command.port == "8066"  # type: ignore[attr-defined]
    run.assert_called_once()


def test_deployments_start_gunicorn() -> None:
    image = settings.BASE_DIR / "Dockerfile"
    if image.exists():
        production = image.read_text().partition(" AS production")[2]
        assert 'CMD ["gunicorn", ' in production
        assert "runserver" not in production
    for path in (settings.BASE_DIR / "deploy").rglob("*"):
        if path.is_file():
            assert b"runserver" not in path.read_bytes(), path
    compose = settings.BASE_DIR / "deploy/compose/compose.yml"
    if compose.exists():
        services = yaml.safe_load(compose.read_text())["services"]
        for name in ("web-blue", "web-green"):
            # The image's own command serves.
            assert not services[name].keys() & {"command", "entrypoint"}
