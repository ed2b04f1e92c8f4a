"""runserver is for development; deployments start gunicorn."""

import socket
from unittest.mock import patch

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import (
    CommandError,
    call_command,
    get_commands,
    load_command_class,
)
from pytest_django import Settings

from plinth.env import Env


@pytest.mark.practice(37)
def test_runserver_refuses_without_debug() -> None:
    with pytest.raises(CommandError, match="start gunicorn"):
        # No address: it stops in any case, with another message.
        call_command("runserver", "nowhere")


@pytest.mark.practice(37)
def test_runserver_serves_static_files_in_local(settings: Settings) -> None:
    settings.DEBUG = True
    command = load_command_class(get_commands()["runserver"], "runserver")
    options = vars(command.create_parser("manage.py", "runserver").parse_args([]))

    handler = command.get_handler(**options)  # type: ignore[attr-defined]

    assert isinstance(handler, StaticFilesHandler)


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


@pytest.mark.practice(37)
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
