from typing import Any

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

pytestmark = pytest.mark.practice(37)


def test_runserver_refuses_without_debug() -> None:
    with pytest.raises(CommandError, match="start gunicorn"):
        # Not an address, so that it stops in any case, though with another message.
        call_command("runserver", "nowhere")


def test_runserver_still_serves_static_files_in_local(settings: Settings) -> None:
    settings.DEBUG = True
    command = load_command_class(get_commands()["runserver"], "runserver")
    options = vars(command.create_parser("manage.py", "runserver").parse_args([]))

    handler = command.get_handler(**options)  # type: ignore[attr-defined]

    assert isinstance(handler, StaticFilesHandler)


def test_what_is_deployed_starts_gunicorn() -> None:
    image = (settings.BASE_DIR / "Dockerfile").read_text()
    host = (settings.BASE_DIR / "deploy/compose/compose.yml").read_text()
    production = image.partition(" AS production")[2]
    deployed = [production] + [
        path.read_text()
        for path in (settings.BASE_DIR / "deploy").rglob("*")
        if path.is_file()
    ]

    assert 'CMD ["gunicorn", ' in production
    assert not [text for text in deployed if "runserver" in text]
    # The image's own command serves.
    assert not [web for web in webs(host) if "command" in web or "entrypoint" in web]


def webs(host: str) -> list[dict[str, Any]]:
    services = yaml.safe_load(host)["services"]
    return [services[name] for name in ("web-blue", "web-green")]
