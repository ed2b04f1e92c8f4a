"""Release check: `python -m plinth.server.release_check`, before a new server gets traffic.

Requests /health/ready/, the home page, and the pages, styles and scripts of this site that
the home page links to, at the server's own address and as the proxy in front of it does.
Exits with 1 and the errors when a page answers 500 or more, or a file anything but 200.
"""

import http.client
import os
import secrets
import sys
from contextlib import closing
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from plinth.server import healthcheck

# Seconds for a page: the first request of a process is its slowest.
TIMEOUT = 20
# Requests at most.
MOST = 50


class Links(HTMLParser):
    """URLs in a page, and whether each is of a file that the page needs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, bool] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        url = named.get("src" if tag == "script" else "href")
        is_file = tag == "script" or named.get("rel") in {"stylesheet", "icon"}
        if url and (tag == "a" or is_file):
            self.found[url] = is_file


def host() -> str:
    """Return a name that ALLOWED_HOSTS has."""
    names = os.environ.get("ALLOWED_HOSTS", "")
    name = names.split(",")[0].strip().lstrip(".")
    return name if name not in {"", "*"} else "localhost"


def fetch(path: str) -> tuple[int, str, str]:
    """Return the status, the target of a redirect and the text of a page."""
    with closing(healthcheck.connection(healthcheck.bind(), TIMEOUT)) as web:
        web.request("GET", path, headers={"Host": host(), "X-Forwarded-Proto": "https"})
        response = web.getresponse()
        text = response.read().decode(errors="replace")
        return response.status, response.headers.get("Location") or "", text


def find_errors() -> list[str]:
    """Return a line for each page or file that fails."""
    prefix = os.environ.get("SCRIPT_NAME", "")
    home = f"https://{host()}{prefix}/"
    # The query is new, so that no cached page of an earlier release answers.
    start = f"{home}?release={secrets.token_hex(4)}"
    queue = {f"{home}health/ready/": False, start: False}
    done: set[str] = set()
    errors = []
    while (left := [url for url in queue if url not in done]) and len(done) < MOST:
        done.add(url := left[0])
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            status, target, text = fetch(path)
        except (OSError, http.client.HTTPException) as error:
            errors.append(f"{path} does not answer: {error!r}")
            continue
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or (
            queue[url] and status != http.HTTPStatus.OK
        ):
            errors.append(f"{path} answers {status}")
        links = Links()
        if url == start:
            links.feed(text)
        for link, is_file in ({target: False} | links.found).items():
            absolute = urljoin(url, link).partition("#")[0]
            if link and absolute.startswith(f"https://{host()}/"):
                queue.setdefault(absolute, is_file)
    return errors


def main() -> None:
    sys.exit("\n".join(find_errors()) or 0)


if __name__ == "__main__":
    main()
