"""Accounts in a browser: sign-up to deletion, under production settings without nginx.

One server with two processes, Redis and a mail server; the identity provider is a stub.
`SCREENSHOTS=folder` writes a picture of each page.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests import services
from tests.conftest import Bake
from tests.production import manage, servable, shell
from tests.services import free_port, gunicorn
from tests.test_browser import (  # noqa: F401 (fixtures)
    DESK,
    PHONE,
    Open,
    assert_fit_for_everybody,
    browser,
    open_page,
)
from tests.test_mail import Sink, sink

pytestmark = pytest.mark.services("chromium", "redis")

PASSWORD = "a long and quiet password"
NEW_PASSWORD = "another quiet password"


@contextmanager
def identity_provider(person: dict[str, Any]) -> Iterator[str]:
    """An OpenID Connect provider whose only user has signed in already."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            if parts.path == "/authorize":
                query = dict(urllib.parse.parse_qsl(parts.query))
                back = {"code": "a-code", "state": query["state"]}
                self.send_response(302)
                self.send_header(
                    "Location",
                    f"{query['redirect_uri']}?{urllib.parse.urlencode(back)}",
                )
                self.end_headers()
                return
            self.reply(
                person
                if parts.path == "/userinfo"
                else {
                    "issuer": url,
                    "authorization_endpoint": f"{url}/authorize",
                    "token_endpoint": f"{url}/token",
                    "userinfo_endpoint": f"{url}/userinfo",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(urllib.parse.parse_qsl(body))
            # PKCE, and the secret, prove that it is the site which asks.
            assert form["code_verifier"]
            assert form["client_secret"] == "a-secret"
            self.reply({"access_token": "a-token", "token_type": "bearer"})

        def reply(self, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


class Site(NamedTuple):
    url: str
    inbox: Sink
    project: Path
    env: dict[str, str]

    def link(self, to: str, subject: str) -> str:
        """The path of the link in the newest mail to an address."""

        def found() -> list[Any]:
            return [
                mail
                for mail in self.inbox.messages
                if mail["To"] == to and subject in mail["Subject"].lower()
            ]

        services.wait_until(found)
        text = found()[-1].get_body(("plain",)).get_content()
        link = re.search(rf"{self.url}(/accounts/\S+)", text)
        assert link, text
        return link[1]

    def run(self, code: str) -> str:
        return shell(self.project, code, **self.env)


@pytest.fixture(scope="module")
def site(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("accounts")
    project = servable(install(), folder)
    person = {"sub": "1", "email": "cleo@example.com", "email_verified": True}
    person |= {"name": "Cleo Crane"}
    smtp = free_port()
    with (
        sink(smtp) as inbox,
        services.redis(folder, free_port()) as redis,
        identity_provider(person) as provider,
    ):
        env = {
            "ALLOWED_HOSTS": "localhost",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "REDIS_URL": redis,
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
            "OIDC_SERVER_URL": provider,
            "OIDC_CLIENT_ID": "the-site",
            "OIDC_CLIENT_SECRET": "a-secret",
            "OIDC_NAME": "Example ID",
            "WEB_CONCURRENCY": "2",
        }
        manage(project, "migrate", "--verbosity", "0", **env)
        with gunicorn(project, folder / "log", **env) as address:
            url = address.replace("127.0.0.1", "localhost")
            yield Site(url, inbox, project, env)


def check(page: Page, name: str) -> None:
    """The page is accessible on a phone and a desk, in light and dark."""
    page.wait_for_load_state()
    for device, size in (("phone", PHONE), ("desk", DESK)):
        for scheme in ("dark", "light"):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            # Without the transition from one colour to the other.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert_fit_for_everybody(page)
            if folder := os.environ.get("SCREENSHOTS"):
                path = Path(folder) / f"{name}-{device}-{scheme}.png"
                page.screenshot(path=path, full_page=True)


def press(page: Page, name: str, *, exact: bool = True) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=exact).click()


def sign_in(page: Page, site: Site, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{site.url}/accounts/sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def sign_out(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("banner").get_by_text("Sign in")).to_be_visible()


def sign_up(page: Page, site: Site, email: str, *, look: bool = False) -> None:
    page.goto(f"{site.url}/accounts/sign-up/")
    if look:
        check(page, "sign-up")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign up")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Verify your email address"
    )
    if look:
        check(page, "verification-sent")
    page.goto(site.url + site.link(email, "confirm"))
    if look:
        check(page, "verify")
    press(page, "Confirm")
    expect(page).to_have_url(f"{site.url}/accounts/sign-in/")
    if look:
        check(page, "sign-in")


def confirm_password(
    page: Page, password: str = PASSWORD, *, look: bool = False
) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm access")
    if look:
        check(page, "confirm-access")
    page.get_by_label("Password").fill(password)
    press(page, "Confirm")


def totp(secret: str, later: int = 0) -> str:
    """The code of an authenticator app (RFC 6238), so many periods later."""
    key = base64.b32decode(secret)
    counter = (int(time.time()) // 30 + later).to_bytes(8)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def authenticator(page: Page) -> None:
    """A device with passkeys, unlocked by its user, in the browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_account_from_sign_up_to_second_factor_and_deletion(
    site: Site,
    open_page: Open,  # noqa: F811
) -> None:
    email = "ann@example.com"
    page = open_page(f"{site.url}/")
    sign_up(page, site, email, look=True)
    sign_in(page, site, email)
    profile = f"{site.url}/accounts/profile/"
    expect(page).to_have_url(profile)
    check(page, "profile")

    # Another address, which becomes the account's.
    page.get_by_role("link", name="Email addresses").click()
    page.get_by_label("Email", exact=True).fill("ann@example.org")
    press(page, "Add email")
    confirm_password(page, look=True)
    expect(page.get_by_text("ann@example.org").first).to_be_visible()
    check(page, "addresses")
    page.goto(site.url + site.link("ann@example.org", "confirm"))
    press(page, "Confirm")
    page.goto(f"{site.url}/accounts/addresses/")
    page.get_by_label("ann@example.org").check()
    press(page, "Make primary")
    page.get_by_label("ann@example.com").check()
    page.on("dialog", lambda dialog: dialog.accept())
    press(page, "Remove")
    expect(page.get_by_label("ann@example.com")).to_have_count(0)
    email = "ann@example.org"

    # An authenticator app, and its recovery codes.
    page.get_by_role("link", name="Second factor").click()
    check(page, "second-factor")
    page.get_by_role("link", name="Activate").click()
    expect(page.get_by_role("img", name=re.compile("[A-Z2-7]{32}"))).to_be_visible()
    check(page, "totp")
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Code").fill(totp(secret))
    press(page, "Activate")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    check(page, "recovery-codes")
    codes = page.get_by_label("Unused codes").input_value().split()
    assert len(codes) == 10

    # Sign-in with the app, and with a recovery code.
    sign_out(page)
    sign_in(page, site, email)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Two-factor authentication"
    )
    check(page, "second-factor-at-sign-in")
    page.get_by_label("Code").fill("000000")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("Incorrect code")
    page.get_by_label("Code").fill(totp(secret, later=1))
    press(page, "Sign in")
    expect(page).to_have_url(profile)
    sign_out(page)
    sign_in(page, site, email)
    page.get_by_label("Code").fill(codes[0])
    press(page, "Sign in")
    expect(page).to_have_url(profile)

    # A passkey: to sign in, and as the second factor.
    authenticator(page)
    page.goto(f"{site.url}/accounts/second-factor/webauthn/add/")
    confirm_password(page)
    check(page, "passkey-add")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    press(page, "Add")
    expect(page.get_by_text("You have added 1 security key")).to_be_visible()
    page.get_by_role("link", name="Manage").click()
    expect(page.get_by_text("Laptop")).to_be_visible()
    check(page, "passkeys")
    sign_out(page)
    page.goto(f"{site.url}/accounts/sign-in/?next=/accounts/sessions/")
    press(page, "Sign in with a passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sessions")
    sign_out(page)
    sign_in(page, site, email)
    press(page, "Use a security key")
    expect(page).to_have_url(profile)

    # Sessions elsewhere.
    other = open_page(f"{site.url}/accounts/sign-in/")
    sign_in(other, site, email)
    other.get_by_label("Code").fill(codes[1])
    press(other, "Sign in")
    expect(other).to_have_url(profile)
    page.goto(f"{site.url}/accounts/sessions/")
    check(page, "sessions")
    press(page, "Sign out everywhere else")
    expect(page.get_by_role("listitem")).to_have_count(1)
    other.goto(profile)
    expect(other).to_have_url(re.compile("/accounts/sign-in/"))

    # The password: forgotten.
    other.get_by_role("link", name="Forgot your password?").click()
    other.get_by_label("Email").fill(email)
    press(other, "Send the link")
    other.goto(site.url + site.link(email, "choose a new password"))
    check(other, "reset-new")
    other.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    other.get_by_label("New password confirmation").fill(NEW_PASSWORD)
    press(other, "Set password")
    expect(other).to_have_url(f"{site.url}/accounts/sign-in/")
    page.goto(profile)
    expect(page).to_have_url(re.compile("/accounts/sign-in/"))

    # The data, and the end.
    sign_in(page, site, email, NEW_PASSWORD)
    page.get_by_label("Code").fill(codes[2])
    press(page, "Sign in")
    page.get_by_role("link", name="Your data").click()
    check(page, "data")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
        confirm_password(page, NEW_PASSWORD)
    data = json.loads(Path(download.value.path()).read_text())
    assert data["account"]["email"] == email
    assert data["catalog"] == {"reviews": []}
    assert secret not in json.dumps(data)
    page.goto(f"{site.url}/accounts/data/")
    press(page, "Delete my account")
    check(page, "deletion")
    assert site.link(email, "will be deleted") == "/accounts/data/"
    press(page, "Keep my account")
    press(page, "Delete my account")
    expect(page.get_by_role("button", name="Keep my account")).to_be_visible()
    assert "0 accounts" in manage(site.project, "delete_accounts", **site.env)
    site.run(
        "from plinth.sign_up.models import Deletion; from django.utils import timezone; "
        "Deletion.objects.update(due=timezone.now())"
    )
    assert "1 account" in manage(site.project, "delete_accounts", **site.env)
    page.goto(profile)
    expect(page).to_have_url(re.compile("/accounts/sign-in/"))


def test_identity_provider_signs_up_and_in(
    site: Site,
    open_page: Open,  # noqa: F811
) -> None:
    page = open_page(f"{site.url}/accounts/sign-in/")
    check(page, "sign-in-provider")
    press(page, "Example ID")
    expect(page).to_have_url(f"{site.url}/accounts/profile/")
    expect(page.get_by_label("Name")).to_have_value("Cleo Crane")
    page.get_by_role("link", name="Connections").click()
    check(page, "connections")
    sign_out(page)

    page.goto(f"{site.url}/accounts/sign-in/")
    press(page, "Example ID")
    expect(page).to_have_url(f"{site.url}/accounts/profile/")


def test_account_is_locked_for_all_processes_and_released(
    site: Site,
    open_page: Open,  # noqa: F811
) -> None:
    page = open_page(f"{site.url}/")
    sign_up(page, site, "bo@example.com")
    for _ in range(5):
        sign_in(page, site, "bo@example.com", "wrong")
        expect(page.get_by_role("alert")).to_be_visible()
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    form: dict[str, str | float | bool] = {
        "username": "Bo@example.com",
        "password": PASSWORD,
        "csrfmiddlewaretoken": token,
    }

    locked = page.request.post(page.url, form=form)

    assert locked.status == 429
    assert 0 < int(locked.headers["retry-after"]) <= 300
    assert "Too many attempts" in locked.text()
    manage(site.project, "release_account", "bo@example.com", **site.env)

    sign_in(page, site, "bo@example.com")
    expect(page).to_have_url(f"{site.url}/accounts/profile/")
