"""Client IP and scheme behind trusted proxies."""

import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from plinth.http.proxies import ProxyHeadersMiddleware
from plinth_tests.processes import COMPLETE, EMBEDDED, run, run_code

pytestmark = pytest.mark.practice(28)

CLIENT = "203.0.113.7"
FORGED = "198.51.100.1"
PROXY = "10.0.0.2"


@pytest.fixture(autouse=True)
def trusted_proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.0/8", "10.0.0.0/8", "::1"]


def request_from(rf: RequestFactory, peer: str, forwarded: str) -> HttpRequest:
    """What a view sees of a request from a peer, with X-Forwarded-* headers."""
    headers = {
        "X-Forwarded-For": forwarded,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Real-IP": forwarded,
        "X-Request-ID": "of-the-peer",
    }
    request = rf.get("/", headers=headers, REMOTE_ADDR=peer)
    ProxyHeadersMiddleware(lambda request: HttpResponse())(request)
    return request


def test_peer_of_a_unix_socket_is_a_trusted_proxy(rf: RequestFactory) -> None:
    request = request_from(rf, "", CLIENT)

    assert request.META["REMOTE_ADDR"] == CLIENT
    assert request.headers["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, CLIENT, CLIENT),
        ("::1", CLIENT, CLIENT),
        ("::ffff:10.0.0.2", CLIENT, CLIENT),
        # Two proxies, and a header that the client has sent.
        (PROXY, f"{FORGED}, {CLIENT}, 10.0.0.3", CLIENT),
        (PROXY, f"{FORGED},unknown, {CLIENT}", CLIENT),
        (PROXY, f"unknown, {PROXY}", PROXY),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, f"{CLIENT}:50000", CLIENT),
        (PROXY, "[2001:db8::7]:50000", "2001:db8::7"),
        # A service of the same network.
        (PROXY, "10.1.0.9", "10.1.0.9"),
        (PROXY, "", PROXY),
        (PROXY, "<script>", PROXY),
        (PROXY, "fe80::1%<script>", "fe80::1"),
        ("fe80::1%eth0", FORGED, "fe80::1%eth0"),
        ("unknown", FORGED, "unknown"),
        ("", "", ""),
    ],
)
def test_client_ip_is_the_last_that_is_no_proxys(
    rf: RequestFactory, peer: str, forwarded: str, address: str
) -> None:
    assert request_from(rf, peer, forwarded).META["REMOTE_ADDR"] == address


def test_untrusted_peer_can_claim_neither_an_ip_nor_https(rf: RequestFactory) -> None:
    request = request_from(rf, CLIENT, FORGED)

    assert request.META["REMOTE_ADDR"] == CLIENT
    assert [name for name in request.headers if name.startswith("X-")] == []


@pytest.mark.parametrize(("peer", "trusted"), [(PROXY, True), (CLIENT, False)])
def test_request_id_of_a_trusted_proxy_is_used(
    site: Client, peer: str, trusted: bool
) -> None:
    given = {"x-request-id": "of-the-peer"}

    used = site.get("/plain/", headers=given, REMOTE_ADDR=peer).headers["X-Request-ID"]

    assert (used == "of-the-peer") is trusted
    assert len(used) in {11, 32}


def test_trusted_proxies_are_a_setting(rf: RequestFactory, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.0/24"]

    assert request_from(rf, "192.0.2.9", CLIENT).META["REMOTE_ADDR"] == CLIENT
    assert request_from(rf, PROXY, CLIENT).META["REMOTE_ADDR"] == PROXY


def test_ignored_proxy_is_logged_once(
    rf: RequestFactory, caplog: pytest.LogCaptureFixture
) -> None:
    middleware = ProxyHeadersMiddleware(lambda request: HttpResponse())
    for _ in range(2):
        middleware(rf.get("/", REMOTE_ADDR=CLIENT, HTTP_X_FORWARDED_PROTO="https"))

    [record] = caplog.records
    assert record.getMessage().startswith(f"X-Forwarded-* of {CLIENT} is ignored")


@pytest.mark.parametrize(
    ("proxies", "statuses"), [("10.0.0.0/8", [200, 200, 301]), ("", [200, 301, 301])]
)
def test_production_trusts_a_proxys_scheme_and_no_others(
    proxies: str, statuses: list[int]
) -> None:
    code = f"""
import config.wsgi, json
from django.conf import settings
from django.test import Client
from plinth_tests import site
site.use(settings)
statuses = []
for peer in ("", "{PROXY}", "{CLIENT}"):
    client = Client(
        REMOTE_ADDR=peer,
        HTTP_X_FORWARDED_FOR="{FORGED}",
        HTTP_X_FORWARDED_PROTO="https",
    )
    statuses += [client.get("/plain/", HTTP_HOST="example.com").status_code]
print(json.dumps(statuses))
"""
    done = run_code(code, **EMBEDDED | {"TRUSTED_PROXIES": proxies})

    assert json.loads(done.stdout) == statuses


def test_malformed_network_stops_the_start() -> None:
    done = run("import config.wsgi", **COMPLETE | {"TRUSTED_PROXIES": "10.0.0.0/8,all"})

    assert done.returncode
    assert done.stderr == (
        "The variable TRUSTED_PROXIES must be addresses and networks, "
        "like 10.0.0.0/8,192.0.2.7.\n"
    )
