"""What reaches Sentry: an HTTP server here collects it."""

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from plinth import extras
from plinth_tests.processes import EMBEDDED, evaluate

pytestmark = [
    pytest.mark.practice(51),
    pytest.mark.skipif(
        not extras.is_installed("sentry"), reason="the extra sentry is not installed"
    ),
]

# A view that fails with personal data all around: in the URL, a form, a header, a local
# variable, a cookie, and a line of the log.
FAIL = """
import logging, sys, types
import sentry_sdk
from config.wsgi import application
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from plinth_tests.site import handler500

logger = logging.getLogger("shop")

def fail(request, token):
    password = request.POST["password"]
    logger.warning("sent https://example.com/reset/%s/", token)
    raise ValueError("the view failed")

def succeed(request):
    logger.warning("of another request")
    return HttpResponse("fine")

shop = ([path("reset/<token>/", fail), path("fine/", succeed)], "shop")
site = sys.modules["failing"] = types.ModuleType("failing")
site.urlpatterns = [path("shop/", include(shop))]
site.handler500 = handler500
settings.ROOT_URLCONF = "failing"
fail.csrf_exempt = True

requests = RequestFactory(headers={"host": "example.com", "referer": "/?from=ann@example.com"})
requests.cookies["sessionid"] = "of-somebody"

def send(request):
    headers = {}
    response = application(request.environ, lambda status, pairs: headers.update(pairs))
    b"".join(response)
    response.close()
    return headers

send(requests.get("/shop/fine/", secure=True))
# Rejected: any client can cause it.
fields = {f"field{number}": "" for number in range(2_000)}
send(requests.post("/shop/reset/a/", fields, secure=True))
path = f"/shop/reset/{TOKEN}/?email=ann@example.com"
result = send(requests.post(path, {"password": "hunter2"}, secure=True))["X-Request-ID"]
sentry_sdk.flush(10)
"""
TOKEN = "c8k3ab-" + "0123456789abcdef" * 2


def unpack_brotli(body: bytes) -> bytes:
    import brotli  # only where the SDK has found it

    return bytes(brotli.decompress(body))


UNPACK = {"gzip": gzip.decompress, "br": unpack_brotli}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """The DSN of a server, and what it is sent."""
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(UNPACK[self.headers["Content-Encoding"]](body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://key@127.0.0.1:{server.server_port}/1", received
        server.shutdown()
        thread.join()


def items(received: list[bytes], kind: str) -> list[Any]:
    """An envelope is lines of JSON: its header, then each item's header and the item."""
    found = []
    for envelope in received:
        lines = [json.loads(line) for line in envelope.splitlines()]
        pairs = zip(lines[1::2], lines[2::2], strict=True)
        found += [item for header, item in pairs if header["type"] == kind]
    return found


@pytest.mark.parametrize("rate", ["0", "1"])
def test_error_is_reported_once_without_personal_data(
    collector: tuple[str, list[bytes]], rate: str
) -> None:
    dsn, received = collector
    variables = {
        "SENTRY_DSN": dsn,
        "SENTRY_TRACES_SAMPLE_RATE": rate,
        "RELEASE": "v1",
        "ENVIRONMENT": "trial",
    }
    request_id = evaluate(f"TOKEN = {TOKEN!r}{FAIL}", **EMBEDDED | variables)

    (error,) = items(received, "event")
    (exception,) = error["exception"]["values"]
    assert exception["value"] == "the view failed"
    assert exception["mechanism"]["handled"] is False
    assert error["request"]["method"] == "POST"
    assert error["request"]["url"] == "https://example.com/shop/reset/***/"
    assert error["transaction"] in {"/shop/reset/<token>/", "/shop/reset/{token}/"}
    assert (error["environment"], error["release"]) == ("trial", "v1")
    assert error["tags"]["request_id"] == request_id
    (crumb,) = [
        each for each in error["breadcrumbs"]["values"] if each["category"] == "shop"
    ]
    assert crumb["message"] == "sent https://example.com/reset/***/"
    for secret in ("ann@example.com", "hunter2", "of-somebody", TOKEN):
        assert secret not in str(received)
    assert len(items(received, "transaction")) == 3 * int(rate)
