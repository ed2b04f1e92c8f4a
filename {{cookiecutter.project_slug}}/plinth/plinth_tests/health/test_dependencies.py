"""The async view: services are asked at once, by WSGI and by ASGI."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from pytest_django import Settings

from plinth.health import dependencies

pytestmark = pytest.mark.practice(59)

URL = "/health/dependencies/"
# Seconds.
DELAY = 0.3

Responses = dict[str, bytes]


class Services:
    """Services on one port: each path waits, and then says what it is told to say."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.requests: list[bytes] = []
        self.at_once = self.most_at_once = 0
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self.respond, "127.0.0.1", 0)
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    async def respond(self, reader: asyncio.StreamReader, writer: Any) -> None:
        try:
            await self.answer(await reader.readuntil(b"\r\n\r\n"), writer)
        except EOFError:  # of TLS
            pass
        finally:
            writer.close()

    async def answer(self, head: bytes, writer: Any) -> None:
        self.requests.append(head)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        path = head.split()[1].decode()
        await asyncio.sleep(60 if path == "/silent" else DELAY)
        self.at_once -= 1
        writer.write(
            {
                "/broken": b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
                "/moved": b"HTTP/1.1 302 Found\r\nLocation: /silent\r\n\r\n",
                "/other": b"SSH-2.0-OpenSSH\r\n",
                "/closed": b"",
                "/endless": b"x" * 100_000,
            }.get(path, b"HTTP/1.1 204 No Content\r\n\r\n")
        )
        await writer.drain()

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def stop(self) -> None:
        async def end() -> None:
            self.server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # What they have closed is closed in the next turn of the loop.
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def services() -> Iterator[Services]:
    made = Services()
    yield made
    made.stop()


def get(by: str) -> Any:
    """Request the page by WSGI or by ASGI."""
    return Client().get(URL) if by == "wsgi" else async_to_sync(AsyncClient().get)(URL)


both_ways = pytest.mark.parametrize("by", ["wsgi", "asgi"])


@pytest.fixture(autouse=True)
def small_site(site: Client) -> None:
    """The page alone, whatever URLs the project has."""


@both_ways
def test_services_are_asked_at_once(
    settings: Settings, services: Services, by: str
) -> None:
    settings.HEALTH_DEPENDENCIES = {f"{n}": services.url(f"{n}") for n in range(10)}

    response = get(by)

    assert services.most_at_once > 1
    assert response.json()["status"] == "ok"
    assert list(response.json()["dependencies"]) == [f"{n}" for n in range(10)]
    assert "no-store" in response.headers["Cache-Control"]


@both_ways
def test_failing_service_changes_nothing_for_the_others(
    settings: Settings,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    by: str,
) -> None:
    # Long enough for the good ones, on a busy machine too.
    timeout = 10 * DELAY
    monkeypatch.setattr(dependencies, "TIMEOUT", timeout)
    bad = ["broken", "other", "closed", "endless", "silent"]
    settings.HEALTH_DEPENDENCIES = {
        **{name: services.url(name) for name in ["first", *bad, "moved"]},
        "refused": "http://127.0.0.1:1/",
        "malformed": "http:///nothing",
        "untrusted": services.url("x").replace("http:", "https:"),
        "last": services.url("last"),
    }

    response = get(by)

    assert response.status_code == HTTPStatus.OK
    assert response.json()["status"] == "degraded"
    states = response.json()["dependencies"]
    assert {name for name, state in states.items() if state["status"] == "ok"} == {
        *("first", "moved", "last")
    }
    assert states["silent"]["ms"] >= timeout * 1000
    assert "The service refused is failing" in caplog.text
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) >= len(bad) + 3


def test_number_of_services_asked_at_a_time_is_limited(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "LIMIT", 2)
    settings.HEALTH_DEPENDENCIES = {f"{n}": services.url(f"{n}") for n in range(5)}

    assert get("asgi").json()["status"] == "ok"

    assert services.most_at_once == 2


@both_ways
def test_page_is_off_by_default(by: str) -> None:
    assert get(by).status_code == HTTPStatus.NOT_FOUND


def test_page_is_not_found_by_the_public(site: Client, settings: Settings) -> None:
    settings.HEALTH_DEPENDENCIES = {"one": "http://127.0.0.1:1"}

    assert site.get(URL, REMOTE_ADDR="10.1.2.3").status_code == HTTPStatus.OK
    assert site.get(URL, REMOTE_ADDR="8.8.8.8").status_code == HTTPStatus.NOT_FOUND


def test_request_names_the_host_and_sends_no_credentials(
    site: Client, settings: Settings, services: Services
) -> None:
    url = services.url("health?deep=1").replace("//", "//user:secret@")
    settings.HEALTH_DEPENDENCIES = {"one": url}

    assert site.get(URL, headers={"cookie": "sessionid=x"}).json()["status"] == "ok"

    [request] = services.requests
    assert request.startswith(b"GET /health?deep=1 HTTP/1.1\r\n")
    assert b"Host: 127.0.0.1:%d\r\n" % services.port in request
    assert b"secret" not in request
    assert b"sessionid" not in request
