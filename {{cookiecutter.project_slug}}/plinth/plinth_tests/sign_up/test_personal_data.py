"""Export of personal data, deletion, social providers and the switch to sign-up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from plinth.env import Env
from plinth.sign_up import services
from plinth.sign_up.models import Deletion
from plinth.sign_up.providers import providers
from plinth.testing.plugin import Commit
from plinth_tests.processes import EMBEDDED, run_code

User: Any = get_user_model()

DATA = "/accounts/data/"
FILE = "/accounts/data/file/"

pytestmark = pytest.mark.django_db


def registered(user: Any) -> dict[str, Any]:
    return {"orders": [user.pk]}


def test_export_has_what_apps_register_and_no_secret(
    signed_in: Client, verified: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = apps.get_app_config("sign_up")
    path = f"{__name__}.registered"
    monkeypatch.setattr(config, "personal_data", path, raising=False)
    secret = generate_totp_secret()
    TOTP.activate(verified, secret)
    verified.groups.create(name="editors")

    response = signed_in.get(FILE)

    data = json.loads(response.content)
    assert data["account"]["email"] == verified.email
    assert data["email_addresses"][0]["verified"]
    assert data["second_factors"][0]["type"] == "totp"
    assert data["sessions"][0]["ip"] == "127.0.0.1"
    assert data["sign_up"] == {"orders": [verified.pk]}
    assert data["groups"] == ["editors"]
    assert data["deletion"] == []
    verified.refresh_from_db()
    for text in (secret, verified.password, str(signed_in.session.session_key)):
        assert text not in response.text
    assert "attachment" in response.headers["Content-Disposition"]


@pytest.mark.parametrize("path", [DATA, FILE])
def test_data_and_deletion_need_the_password_again(
    client: Client, verified: Any, path: str
) -> None:
    assert client.get(path).headers["Location"].startswith("/accounts/sign-in/")
    client.force_login(verified)

    response = client.get(FILE) if path == FILE else client.post(DATA)

    assert response.headers["Location"].startswith("/accounts/confirm/")
    assert not Deletion.objects.exists()


def test_account_is_deleted_after_the_grace_period(
    signed_in: Client, verified: Any, commit: Commit, settings: Settings
) -> None:
    settings.ACCOUNT_DELETION_DAYS = 3
    with commit():
        assertRedirects(signed_in.post(DATA), DATA)
        signed_in.post(DATA)  # again: no second mail
    (message,) = mail.outbox
    assert message.to == [verified.email]
    assert "http://testserver/accounts/data/" in str(message.body)
    due = Deletion.objects.get().due
    assert timedelta(days=2.9) < due - timezone.now() <= timedelta(days=3)

    call_command("delete_accounts")
    assert User.objects.exists()
    Deletion.objects.update(due=timezone.now())
    call_command("delete_accounts")

    assert not User.objects.exists()
    # It has the address, too.
    assert not signed_in.session.items()
    assert signed_in.get(DATA).headers["Location"].startswith("/accounts/sign-in/")


def test_deletion_can_be_cancelled(signed_in: Client, verified: Any) -> None:
    signed_in.post(DATA)
    assertContains(signed_in.get(DATA), "Keep my account")

    signed_in.post(DATA, {"cancel": ""})

    assert not Deletion.objects.exists()
    assertContains(signed_in.get(DATA), "Delete my account")


def test_protected_account_stays_and_others_are_deleted(
    verified: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = User.objects.create_user("bo@example.com")
    for each in (verified, other):
        Deletion.objects.create(user=each, due=timezone.now())
    delete = User.delete

    def protected(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.pk == verified.pk:
            raise ProtectedError("Orders protect it.", set())
        return delete(self, *args, **kwargs)

    monkeypatch.setattr(User, "delete", protected)

    assert services.delete_due() == 1
    assert list(User.objects.all()) == [verified]
    assert "Orders protect it." in caplog.text


def test_users_from_before_keep_their_address_as_verified(user: Any) -> None:
    bo = User.objects.create_user("bo@example.com")
    EmailAddress.objects.create(user=bo, email=bo.email, primary=True)
    migration = import_module("plinth.sign_up.migrations.0001_initial")

    for _ in range(2):
        migration.trust_addresses(apps, SimpleNamespace(connection=connection))

    found = EmailAddress.objects.order_by("email").values_list("email", "verified")
    assert list(found) == [("ann@example.com", True), ("bo@example.com", False)]


def env(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Env:
    monkeypatch.setattr(Env, "variables", variables)
    return Env()


def test_provider_is_there_with_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers(env(monkeypatch)) == ([], {})

    installed, settings = providers(
        env(monkeypatch, GITHUB_CLIENT_ID="id", GITHUB_CLIENT_SECRET="secret")
    )

    assert installed == [
        "allauth.socialaccount",
        "allauth.socialaccount.providers.github",
    ]
    assert settings["github"]["APPS"] == [
        {"client_id": "id", "secret": "secret", "settings": {}}
    ]


def test_provider_needs_all_its_variables_and_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SystemExit, match="APPLE_KEY_ID must be set too"):
        providers(env(monkeypatch, APPLE_CLIENT_ID="id"))
    apple = {"APPLE_CLIENT_ID": "id", "APPLE_KEY_ID": "id", "APPLE_TEAM_ID": "id"}
    with pytest.raises(SystemExit, match="APPLE_PRIVATE_KEY must be the content"):
        providers(env(monkeypatch, **apple, APPLE_PRIVATE_KEY="garbage"))


# In a process of its own: the apps of a provider are installed at its start.
SIGN_IN = """
import config.wsgi
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.db import connection
from django.test import Client
from plinth_tests import site
from plinth_tests.sign_up.conftest import use_pages

site.use(settings)
use_pages(settings)
with connection.schema_editor() as editor:
    editor.create_model(SocialApp)
client = Client(headers={"host": "example.com"})
response = client.post("/accounts/oidc/oidc/login/", secure=True)
print(response.status_code, response.text)
"""


NAMES = """
import config.wsgi
from types import SimpleNamespace
from django.contrib.auth import get_user_model
from plinth.sign_up.social import SocialAccountAdapter

for name in ("Ann", "Ann" * 100, "A\\0nn"):
    login = SimpleNamespace(user=get_user_model()())
    print(SocialAccountAdapter().populate_user(None, login, {"name": name}).name)
"""


def test_name_of_a_provider_fits_the_database() -> None:
    variables = {"GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET": "secret"}

    done = run_code(NAMES, **EMBEDDED | variables)

    ann, long, stripped = done.stdout.splitlines()
    assert ann == stripped == "Ann"
    field = User._meta.get_field("name")  # noqa: SLF001
    assert long == ("Ann" * 100)[: field.max_length]


@pytest.fixture
def empty_discovery(tmp_path: Path) -> Iterator[str]:
    """The URL of a server whose discovery document has no addresses."""
    document = tmp_path / ".well-known/openid-configuration"
    document.parent.mkdir()
    document.write_text("{}")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("answers", [False, True], ids=["down", "without addresses"])
def test_sign_in_fails_while_the_provider_does(
    empty_discovery: str, answers: bool
) -> None:
    variables = {
        "OIDC_CLIENT_ID": "id",
        "OIDC_CLIENT_SECRET": "secret",
        "OIDC_SERVER_URL": empty_discovery if answers else "http://127.0.0.1:1/",
    }
    done = run_code(SIGN_IN, **EMBEDDED | variables)

    assert done.stdout.startswith("401")
    assert "Third-party login failure" in done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("{")]
    # The request's own line may be a warning too: that it was slow.
    own = "plinth.logs.middleware"
    (warning,) = [
        line
        for line in map(json.loads, lines)
        if line["level"] != "INFO" and line["name"] != own
    ]
    assert warning["message"].startswith("sign-in with Single sign-on failed:")
    assert "exc_info" not in warning
