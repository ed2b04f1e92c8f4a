from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains

from plinth.mail.inbox import backend
from plinth_tests.processes import EMBEDDED, run_code

INBOX = "/inbox/"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MAILERS = {
        "default": {
            "BACKEND": "plinth.mail.inbox.backend.EmailBackend",
            "OPTIONS": {"folder": tmp_path / "inbox"},
        }
    }
    return tmp_path / "inbox"


def send(subject: str = "Hello", html: str = "") -> None:
    message = EmailMultiAlternatives(
        subject, "See http://localhost/there/", to=["ann@example.com"]
    )
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


def test_an_empty_inbox_says_how_to_fill_it(client: Client) -> None:
    assertContains(client.get(INBOX), reverse("accounts:password-reset"))


def test_what_was_sent_is_there_the_newest_first(client: Client) -> None:
    send("The first")
    send("The second <one>")

    page = client.get(INBOX)

    assertContains(page, "The second &lt;one&gt;")
    assert page.text.index("The second") < page.text.index("The first")


def test_a_mail_is_shown_as_text_with_links_and_as_html(
    client: Client, folder: Path
) -> None:
    send(html="<html><head></head><body><a href='http://localhost/'>Go</a>")
    [file] = folder.iterdir()

    page = client.get(f"{INBOX}{file.stem}/")

    assertContains(page, '<a href="http://localhost/there/"')
    assertContains(page, f'src="{INBOX}{file.stem}/html/" sandbox="allow-popups')
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    html = b"".join(client.get(f"{INBOX}{file.stem}/html/"))
    assert b'<base target="_blank">' in html
    assert b"<a href='http://localhost/'>Go</a>" in html


def test_the_html_of_a_mail_runs_nothing(client: Client, folder: Path) -> None:
    send(html="<script>alert(1)</script>")
    [file] = folder.iterdir()

    headers = client.get(f"{INBOX}{file.stem}/html/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    sandbox = "sandbox allow-popups allow-popups-to-escape-sandbox"
    assert sandbox in policy.split("; ")
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_mail_without_html_is_shown_without_a_frame(
    client: Client, folder: Path
) -> None:
    send()
    [file] = folder.iterdir()

    assert "<iframe" not in client.get(f"{INBOX}{file.stem}/").text


@pytest.mark.parametrize("name", ["none", "..", "..%2f..%2f.env", "a/b"])
@pytest.mark.parametrize("page", ["", "html/"])
def test_there_is_no_other_file(client: Client, name: str, page: str) -> None:
    send()

    response = client.get(f"{INBOX}{name}/{page}")

    assert response.status_code == HTTPStatus.NOT_FOUND


def test_the_inbox_is_emptied_by_a_form(client: Client, folder: Path) -> None:
    send()

    client.post(INBOX)

    assert list(folder.iterdir()) == []


def test_the_oldest_mails_make_room(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "KEPT", 2)
    for _ in range(3):
        send()

    assert len(list(folder.glob("*.eml"))) == 2


def test_mail_that_really_leaves_has_no_inbox(
    client: Client, settings: Settings
) -> None:
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
    }

    assert client.get(INBOX).status_code == HTTPStatus.NOT_FOUND


def test_production_has_no_inbox() -> None:
    code = """
import sys
import config.wsgi
from django.urls import Resolver404, resolve
try:
    resolve("/inbox/")
except Resolver404:
    print("none")
print([name for name in sys.modules if name.startswith("plinth.mail.inbox")])
"""
    done = run_code(code, **EMBEDDED)

    assert done.stdout.splitlines() == ["none", "[]"]


def test_the_home_of_a_developer_leads_to_the_inbox() -> None:
    code = """
import config.wsgi
from django.core.mail import mailers
from django.test import Client
print('href="/inbox/"' in Client(headers={"host": "localhost"}).get("/").text)
print(mailers.default.folder.name)
"""
    done = run_code(code, environment="local", DATABASE_URL="sqlite://")

    assert done.stdout.splitlines() == ["True", "inbox"]
