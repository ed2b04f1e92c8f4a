"""Profile of a page: requests in this process, on the project's own settings and data."""

import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    REDIRECT_FIELD_NAME,
    SESSION_KEY,
    get_user_model,
)
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception
from django.test import RequestFactory
from pyinstrument.session import Session

from plinth.logs.queries import observers

from .flame_graph import recording


class ProfileError(Exception):
    """Why a page has no profile, in one line."""


@dataclass
class Profile:
    """A page's requests after the first; seconds and queries are of one request."""

    url: str
    session: Session
    requests: int
    seconds: float
    queries: float
    query_seconds: float
    first_queries: int


class Page:
    """A URL of the site, as the server requests it for this client."""

    def __init__(self, url: str, cookie: str = "") -> None:
        parts = urlsplit(url)
        self.url = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        path = self.url.removeprefix(settings.FORCE_SCRIPT_NAME or "")
        request = RequestFactory(headers={"host": host(), "cookie": cookie}).get(path)
        self.environ = request.environ
        self.handler = WSGIHandler()
        self.status = ""
        self.location = ""
        self.error: BaseException | None = None

    def request(self) -> None:
        """Request it once, and read the body; raises ProfileError unless its status is 200."""
        self.error = None
        response = self.handler(self.environ.copy(), self.start_response)
        for _ in response:
            pass
        response.close()
        if self.error or not self.status.startswith("200 "):
            raise ProfileError(self.reason()) from self.error

    def repeat(self, seconds: float) -> list[float]:
        """Request it for so long, at least once; return the seconds of each request."""
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            self.request()
            times.append(time.perf_counter() - start)
        return times

    def start_response(self, status: str, headers: list[Any], *rest: Any) -> Any:
        self.status = status
        self.location = dict(headers).get("Location", "")
        return bytes

    def reason(self) -> str:
        if self.error:
            error = f"{type(self.error).__name__}: {self.error}".splitlines()[0]
            return f"{self.url} raises {error} (ARGS=--traceback shows where)"
        code = int(self.status.partition(" ")[0])
        if REDIRECT_FIELD_NAME in parse_qs(urlsplit(self.location).query):
            return f"{self.url} needs a user who may see it: USER=you@example.com"
        if self.location:
            return f"{self.url} redirects to {self.location}"
        if code == HTTPStatus.NOT_FOUND:
            return f"{self.url} is not found (404)"
        if code == HTTPStatus.FORBIDDEN:
            return f"{self.url} is forbidden (403) for this user: USER=you@example.com"
        return f"{self.url} has the status {self.status}"

    def record(self, **kwargs: Any) -> None:
        """Receiver of `got_request_exception`."""
        self.error = sys.exc_info()[1]


def profile(url: str, *, user: str = "", seconds: float) -> Profile:
    """Request a page for so many seconds, then as long with the profiler.

    `user` is signed in meanwhile.
    """
    with ExitStack() as stack:
        cookie = stack.enter_context(signed_in(user)) if user else ""
        # Of WhiteNoise: there is no folder of collected files.
        with warnings.catch_warnings(action="ignore"):
            page = Page(url, cookie)
        got_request_exception.connect(page.record)
        stack.callback(got_request_exception.disconnect, page.record)
        stack.enter_context(silent_logs())
        queries = stack.enter_context(query_times())

        page.request()
        first_queries = len(queries)
        queries.clear()
        # The profiler more than doubles the time of a request.
        times = page.repeat(seconds)
        number, query_seconds = len(queries), sum(queries)
        with recording(f"GET {page.url}") as profiler:
            page.repeat(seconds)
    assert profiler.last_session
    return Profile(
        url=page.url,
        session=profiler.last_session,
        requests=len(times),
        seconds=median(times),
        queries=number / len(times),
        query_seconds=query_seconds / len(times),
        first_queries=first_queries,
    )


def host() -> str:
    """Return a host that ALLOWED_HOSTS allows."""
    first = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "*"
    return "localhost" if first == "*" else first.lstrip(".")


@contextmanager
def signed_in(name: str) -> Iterator[str]:
    """Create a session of this user, and delete it; yield its cookie.

    It is not a sign-in: no signal is sent, and `last_login` stays.
    """
    users = get_user_model()
    try:
        user = users._default_manager.get_by_natural_key(name)  # noqa: SLF001
    except users.DoesNotExist:
        raise ProfileError(f"There is no user {name}") from None
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    try:
        yield f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    finally:
        session.delete()


@contextmanager
def silent_logs() -> Iterator[None]:
    """Discard log lines, after they are formatted: each request writes one."""
    handlers = [logging.getHandlerByName(name) for name in logging.getHandlerNames()]
    with Path(os.devnull).open("w") as nothing, ExitStack() as stack:
        for handler in handlers:
            if type(handler) is logging.StreamHandler:
                stack.callback(handler.setStream, handler.stream)
                handler.setStream(nothing)
        yield


@contextmanager
def query_times() -> Iterator[list[float]]:
    """Yield a list, to which each query adds its seconds."""
    times: list[float] = []

    def observe(alias: str, seconds: float) -> None:
        times.append(seconds)

    observers.append(observe)
    try:
        yield times
    finally:
        observers.remove(observe)
