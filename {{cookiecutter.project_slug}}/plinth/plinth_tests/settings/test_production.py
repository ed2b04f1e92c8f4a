"""Production settings."""

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from plinth.management.commands.check_production import VARIABLES
from plinth_tests.processes import COMPLETE, EMBEDDED, evaluate, run

pytestmark = pytest.mark.practice(72)


def test_deployment_checks_are_clean(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # Of another project, in this shell.
    monkeypatch.setenv("DATABASE_POOLER", "pgbouncer")
    call_command("check_production")
    assert "WARNINGS" not in capfd.readouterr().err

    monkeypatch.setitem(VARIABLES, "SECURE_SSL_REDIRECT", "false")
    with pytest.raises(CommandError, match="production's settings has failed"):
        call_command("check_production")
    assert "security.W008" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            dict.fromkeys(COMPLETE, "") | {"ALLOWED_HOSTS": " , "},
            (
                "Required variables are not set: "
                "SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL, EMAIL_URL."
            ),
        ),
        (
            COMPLETE | {"EMAIL_URL": ""},
            "Required variables are not set: EMAIL_URL.",
        ),
        (
            COMPLETE | {"SECRET_KEY": "generated-at-set-up"},
            (
                "The variable SECRET_KEY must be a value of your own, "
                "not that of .env.example."
            ),
        ),
        (
            COMPLETE | {"ALLOWED_HOSTS": "https://shop.example"},
            (
                "The variable ALLOWED_HOSTS must be like example.com,.example.com, "
                "without https://, port and path."
            ),
        ),
        (
            COMPLETE
            | {"DATABASE_URL": "sqlite://", "DATABASE_REPLICA_URL": "postgres://a@b/c"},
            (
                "The variable DATABASE_REPLICA_URL must be "
                "replicas of the server in DATABASE_URL."
            ),
        ),
        (
            COMPLETE | {"DEBUG": "true"},
            "The variable DEBUG must be false in production.",
        ),
    ],
)
def test_unsafe_start_stops_with_one_line(variables: dict[str, str], line: str) -> None:
    done = run("import config.wsgi", **variables)

    assert done.returncode == 1
    assert done.stderr == f"{line}\n"


def test_site_below_a_path_has_its_files_there() -> None:
    code = (
        "import config.wsgi; from django.conf import settings as s;"
        "print(s.STATIC_URL, s.MEDIA_URL)"
    )

    shown = run(code, **EMBEDDED | {"SCRIPT_NAME": "/shop"})

    assert shown.stdout.splitlines()[-1] == "/shop/static/ /shop/media/"


def test_effective_settings_are_those_of_production() -> None:
    code = """
import config.wsgi
from django.conf import settings
from django.core.files.storage import storages
from django.core.mail import mailers
result = [
    settings.DEBUG,
    settings.SECURE_SSL_REDIRECT,
    settings.SESSION_COOKIE_SECURE,
    type(storages["staticfiles"]).__name__,
    mailers.default.host,
]
"""
    assert evaluate(code, **COMPLETE) == [
        False,
        True,
        True,
        "CompressedManifestStaticFilesStorage",
        "127.0.0.1",
    ]


@pytest.mark.parametrize("name", ["DEFAULT_FROM_EMAIL", "SECURITY_CONTACT"])
def test_address_of_an_example_fails_the_deployment_checks(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(VARIABLES, name, "you@example.com")

    with pytest.raises(CommandError, match="production's settings has failed"):
        call_command("check_production")

    assert f"{name} is you@example.com, which nobody can answer" in (
        capfd.readouterr().err
    )


@pytest.mark.parametrize("entry", ["wsgi", "asgi", "celery"])
def test_server_and_worker_fall_back_to_production(entry: str) -> None:
    if not (settings.BASE_DIR / "config" / f"{entry}.py").exists():
        pytest.skip(f"the project has no config/{entry}.py")
    code = f"""
import os
del os.environ["DJANGO_SETTINGS_MODULE"]
import config.{entry}
result = os.environ["DJANGO_SETTINGS_MODULE"]
"""
    assert evaluate(code, **EMBEDDED) == "config.settings.production"
