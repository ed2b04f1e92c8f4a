from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
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


def test_empty_inbox_shows_how_to_send_mail(client: Client) -> None:
    assertContains(client.get(INBOX), "sendtestemail")


def test_messages_are_listed_newest_first(client: Client) -> None:
    send("The first")
    send("The second <one>")

    page = client.get(INBOX)

    assertContains(page, "The second &lt;one&gt;")
    assert page.text.index("The second") < page.text.index("The first")


def test_message_is_shown_as_text_and_html(client: Client, folder: Path) -> None:
    send(html="<html><head></head><body><a href='http://localhost/'>Go</a>")
    [file] = folder.iterdir()

    page = client.get(f"{INBOX}{file.stem}/")

    assertContains(page, '<a href="http://localhost/there/"')
    assertContains(page, f'src="{INBOX}{file.stem}/html/" sandbox="allow-popups')
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    html = b"".join(client.get(f"{INBOX}{file.stem}/html/"))
    assert b'<base target="_blank">' in html
    assert b"<a href='http://localhost/'>Go</a>" in html


def test_html_is_sandboxed_without_scripts(client: Client, folder: Path) -> None:
    send(html="<script>alert(1)</script>")
    [file] = folder.iterdir()

    headers = client.get(f"{INBOX}{file.stem}/html/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    sandbox = "sandbox allow-popups allow-popups-to-escape-sandbox"
    assert sandbox in policy.split("; ")
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_message_without_html_has_no_frame(client: Client, folder: Path) -> None:
    send()
    [file] = folder.iterdir()

    assert "<iframe" not in client.get(f"{INBOX}{file.stem}/").text


@pytest.mark.parametrize("name", ["none", "..", "..%2f..%2f.env", "a/b"])
@pytest.mark.parametrize("page", ["", "html/"])
def test_other_files_are_not_found(client: Client, name: str, page: str) -> None:
    send()

    response = client.get(f"{INBOX}{name}/{page}")

    assert response.status_code == HTTPStatus.NOT_FOUND


def test_post_deletes_all_messages(client: Client, folder: Path) -> None:
    send()

    client.post(INBOX)

    assert list(folder.iterdir()) == []


def test_oldest_messages_are_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "MAX_MESSAGES", 2)
    for _ in range(3):
        send()

    assert len(list(folder.glob("*.eml"))) == 2


def test_inbox_is_not_found_with_another_backend(
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


def test_home_page_links_to_the_inbox_in_development() -> None:
    code = """
import config.wsgi
from django.core.mail import mailers
from django.test import Client
print('href="/inbox/"' in Client(headers={"host": "localhost"}).get("/").text)
print(mailers.default.folder.name)
"""
    done = run_code(code, environment="local", DATABASE_URL="sqlite://")

    assert done.stdout.splitlines() == ["True", "inbox"]
