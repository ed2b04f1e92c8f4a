"""https, and who visits: told once, and told right."""

import json
import socket
import ssl
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.production import shell
from tests.services import Answer, Front, wait_until
from tests.support import refusal, run

from .visits import (
    FORGED,
    HOST,
    KEPT,
    SESSION,
    TOKEN,
    Browser,
    connect,
    cookie_of,
    cookies,
    over_http,
)

pytestmark = pytest.mark.services("nginx", "openssl")


def test_http_redirects_to_https_with_one_hsts_header(front: Front) -> None:
    plain = over_http(front, "/catalog/?q=tea")
    assert plain.status == 301
    assert plain.headers["Location"] == "https://example.com/catalog/?q=tea"

    page = Browser(front).ask("/catalog/")

    assert page.status == 200
    assert len(page.headers.get_all("Strict-Transport-Security", [])) == 1
    assert page.headers.get_all("Server") == ["nginx"]
    assert plain.headers["Strict-Transport-Security"] is None


def test_sign_in_works_and_cross_site_post_is_refused(
    front: Front, project: Path, database: str
) -> None:
    create = (
        "from apps.accounts.models import User;"
        "User.objects.create_user('cy@example.com', 'a long one for the trial')"
    )
    shell(project, create, DATABASE_URL=database)
    path, browser = "/accounts/sign-in/", Browser(front, "127.0.0.21")
    said = cookie_of(browser.ask(path), TOKEN)
    assert {"Secure", "HttpOnly"} <= set(said.split("; "))
    token = said.partition(";")[0].partition("=")[2]
    body = (
        f"csrfmiddlewaretoken={token}&username=cy%40example.com"
        "&password=a+long+one+for+the+trial"
    )

    def post(origin: str) -> Answer:
        return browser.ask(
            path,
            "POST",
            body,
            Cookie=cookies(**{TOKEN: token}),
            Origin=origin,
            Content_Type="application/x-www-form-urlencoded",
        )

    assert post("https://evil.example").status == 403
    signed_in = post("https://example.com")

    assert signed_in.status == 302
    said = cookie_of(signed_in, SESSION)
    assert {"Secure", "HttpOnly", "Path=/"} <= set(said.split("; "))


def test_application_gets_the_real_client_ip_and_scheme(
    front: Front,
) -> None:
    claims = {
        "Forwarded": f"for={FORGED};proto=http;host=evil.example",
        "X-Forwarded-For": FORGED,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Proto": "http",
        "X-Real-IP": FORGED,
        "X-Request-ID": "claimed-by-a-visitor",
    }

    answer = Browser(front, "127.0.0.22").ask("/trial/echo/", **claims)

    seen = json.loads(answer.text)
    assert (seen["scheme"], seen["address"]) == ("https", "127.0.0.22")
    assert seen["headers"]["Host"] == HOST
    assert FORGED not in answer.text
    assert "evil.example" not in answer.text
    named = answer.headers.get_all("X-Request-ID")
    assert named == [seen["headers"]["X-Request-Id"]]
    assert "claimed" not in answer.text
    # The same name in both logs: in nginx's a moment after the answer.
    wait_until(lambda: named[0] in [line["request_id"] for line in front.log])


@pytest.mark.services("curl")
def test_http2_session_cookie_is_found(
    front: Front,
) -> None:
    def ask(*cookies: str) -> list[str]:
        """The protocol, the status and where the page comes from."""
        return run(
            *("curl", "--silent", "--insecure", "--http2", "--output", "/dev/null"),
            *("--resolve", f"{HOST}:{front.https}:127.0.0.1", "--noproxy", "*"),
            *("--write-out", "%{http_version} %{http_code} %header{x-cache}"),
            *("--header", f"Host: {HOST}"),
            *(part for cookie in cookies for part in ("--header", f"Cookie: {cookie}")),
            f"https://{HOST}:{front.https}{KEPT}&name=http2",
            cwd=front.folder,
        ).split()

    assert ask() == ["2", "200", "MISS"]
    assert ask("_ga=1") == ["2", "200", "HIT"]
    # Each in a header of its own, as browsers send them.
    assert ask("_ga=1", f"{SESSION}=x") == ["2", "200", "BYPASS"]
    assert ask(f"{SESSION}=x", "_ga=1") == ["2", "200", "BYPASS"]


def test_only_tls_1_2_and_1_3_are_accepted(front: Front) -> None:
    def shake(version: ssl.TLSVersion) -> str | None:
        context = ssl._create_unverified_context()
        context.minimum_version = context.maximum_version = version
        # Today's OpenSSL would not even ask.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with (
            socket.create_connection(("127.0.0.1", front.https), 10) as raw,
            context.wrap_socket(raw, server_hostname=HOST) as wrapped,
        ):
            return wrapped.version()

    assert shake(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert shake(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with (
        pytest.warns(DeprecationWarning, match="TLSv1_1"),
        pytest.raises(ssl.SSLError, match="alert"),
    ):
        shake(ssl.TLSVersion.TLSv1_1)


def test_unknown_host_gets_no_response(front: Front) -> None:
    with pytest.raises((OSError, HTTPException)):
        over_http(front, "/", host="evil.example")
    with pytest.raises(ssl.SSLError, match="unrecognized"):
        connect(front.https, name="evil.example")
    # Another name within a connection for the site's.
    assert Browser(front).ask("/", Host="evil.example").status == 421


def test_acme_challenge_is_served_over_http(front: Front) -> None:
    challenge = front.folder / "acme/.well-known/acme-challenge/token"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("proof")

    answer = over_http(front, "/.well-known/acme-challenge/token")

    assert (answer.status, answer.text) == (200, "proof")


def test_self_signed_certificate_replaces_no_other(front: Front) -> None:
    script, folder = front.folder / "site/self-signed.sh", front.folder / "tls"

    [said] = refusal("sh", script, HOST, folder, cwd=front.folder)

    assert said == f"{folder} already has a certificate; nothing is changed."
    assert (folder / "privkey.pem").stat().st_mode & 0o777 == 0o600


def test_health_check_by_ip_is_answered_over_http(front: Front) -> None:
    answer = over_http(front, "/health/ready/", host="10.0.0.9")

    assert answer.status == 200
    assert json.loads(answer.text)["parts"]["database"] == "ok"
