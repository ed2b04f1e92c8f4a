"""Release check: pages of a new server, before it gets traffic."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from plinth.server import release_check

HOME = """
<link rel="canonical" href="/elsewhere/"><link rel="stylesheet" href="/static/a.css">
<script src="/static/a.js"></script><script src="https://cdn.example.net/b.js"></script>
<a href="/list/#top">List</a><a href="account/">Account</a><a href="mailto:a@b.c">Mail</a>
<a href="https://other.example/">Other</a><a href="//example.com/named/">Named</a>
"""
# Path: status, and the text or the target of a redirect.
GOOD = {
    "/health/ready/": (200, "{}"),
    "/": (200, HOME),
    "/static/a.css": (200, ""),
    "/static/a.js": (200, ""),
    "/list/": (200, '<a href="/deeper/">Not followed</a>'),
    "/account/": (302, "/sign-in/"),
    "/sign-in/": (200, ""),
    "/named/": (404, ""),
}


class Site(HTTPServer):
    """Serves these pages to a proxy that names example.com and https."""

    def __init__(self, pages: dict[str, tuple[int, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.seen = pages, [""]

    def find_errors(self) -> list[str]:
        thread = threading.Thread(target=self.serve_forever, args=[0.01])
        thread.start()
        try:
            return release_check.find_errors()
        finally:
            self.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        proxied = self.headers["Host"], self.headers["X-Forwarded-Proto"]
        path = self.path.partition("?")[0]
        self.server.seen.append(self.path)
        status, text = self.server.pages.get(path, (500, ""))
        self.send_response(status if proxied == ("example.com", "https") else 500)
        self.send_header("Location", text if status == 302 else "")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("ALLOWED_HOSTS", ".example.com,other.example")
    with Site(dict(GOOD)) as server:
        monkeypatch.setenv("WEB_BIND", f"127.0.0.1:{server.server_port}")
        yield server


def test_site_whose_pages_answer_passes(site: Site) -> None:
    assert not site.find_errors()

    paths = [path.partition("?")[0] for path in site.seen[1:]]
    assert sorted(paths) == sorted(GOOD)
    # No cached page of the release before.
    assert [path for path in site.seen if path.startswith("/?release=")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/ready/", 503),
        ("/", 500),
        ("/list/", 500),
        ("/sign-in/", 502),
        ("/static/a.css", 404),
        ("/static/a.js", 500),
    ],
)
def test_page_or_file_that_fails_is_an_error(
    site: Site, path: str, status: int
) -> None:
    text = GOOD[path][1]
    site.pages[path] = status, text

    [error] = site.find_errors()

    assert error.startswith(path)
    assert error.endswith(f" answers {status}")


def test_pages_are_below_the_script_name(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/shop")
    site.pages = {"/shop/health/ready/": (200, ""), "/shop/": (200, "")}

    assert not site.find_errors()


def test_server_that_does_not_answer_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_BIND", "unix:/nowhere/web.sock")

    with pytest.raises(SystemExit, match="/health/ready/ does not answer"):
        release_check.main()
