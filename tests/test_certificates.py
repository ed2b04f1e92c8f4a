"""Certificates as docs/nginx.md has them: certbot asks for one, and nginx serves with it."""

import ssl
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests import services
from tests.conftest import Bake
from tests.production import repeated
from tests.services import RENEWAL, Answer, get, wait_until
from tests.support import Say, documented, refusal, run

HOST = "example.com"


class Browser(HTTPSConnection):
    """A connection of its own for each page, whatever certificate the site shows."""

    def __init__(self, port: int) -> None:
        context = ssl._create_unverified_context()
        super().__init__("127.0.0.1", port, timeout=30, context=context)

    def connect(self) -> None:
        super(HTTPSConnection, self).connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=HOST)


def ask(port: int, path: str) -> Answer:
    browser = Browser(port)
    try:
        browser.request("GET", path, headers={"Host": HOST})
        answer = browser.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        browser.close()


def at_home(text: str, folder: Path) -> str:
    """What is written for a whole machine, for a folder of it."""
    for whole, part in {
        "/etc/nginx/": f"{folder}/",
        "/var/www/acme": f"{folder}/acme",
        "nginx -c": f"nginx -e {folder}/log/error.log -c",
    }.items():
        text = text.replace(whole, part)
    return text


@pytest.mark.services("certbot", "nginx", "openssl", "pebble")
def test_a_certificate_comes_and_is_renewed_while_the_site_serves(
    install: Bake, tmp_path: Path, record_property: Say
) -> None:
    project = install()
    with (
        services.front(project, tmp_path) as front,
        services.gunicorn_on(
            tmp_path / "run/blue.sock",
            project,
            tmp_path / "application.log",
            DATABASE_URL="sqlite://",
        ),
        services.authority(tmp_path, front.http) as authority,
    ):
        command = documented(project / "docs/nginx.md", "certbot certonly")
        hook = tmp_path / "site/certificate.sh"
        hook.write_text(at_home(hook.read_text(), tmp_path))
        # On a machine it is not there before somebody makes it.
        (tmp_path / "acme").rmdir()
        assert not authority.serial(front.https)

        certbot = partial(run, cwd=tmp_path, env=authority.env)
        with repeated(partial(ask, front.https, "/robots.txt"), clients=4) as seen:
            certbot("sh", "-euc", at_home(command, tmp_path))
            wait_until(lambda: authority.serial(front.https))
            first = authority.serial(front.https)
            certbot(*RENEWAL)
            wait_until(lambda: authority.serial(front.https) != first)

        # All else is sent to https.
        site = f"http://127.0.0.1:{front.http}/.well-known"
        assert get(f"{site}/acme-challenge/other", host=HOST).status == 404
        assert get(f"{site}/security.txt", host=HOST).status == 301

    record_property("summary", f"a certificate, and its renewal: {seen}")
    assert len(seen) > 20
    assert not seen.failed
    assert (tmp_path / "tls/privkey.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("folder", ["nginx", "compose"])
def test_the_hook_says_who_calls_it(bake: Bake, folder: str) -> None:
    [line] = refusal("./certificate.sh", cwd=bake() / "deploy" / folder)

    assert line.endswith("RENEWED_LINEAGE: is set by certbot, which calls this")
