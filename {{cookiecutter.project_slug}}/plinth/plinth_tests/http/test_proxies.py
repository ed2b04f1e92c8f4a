"""Who visits, and by https or not, behind proxies: what they say, and nobody else."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from plinth.http.proxies import ProxyHeadersMiddleware
from plinth_tests.processes import COMPLETE, EMBEDDED, python, run_code

pytestmark = pytest.mark.practice(28)

VISITOR = "203.0.113.7"
FORGED = "198.51.100.1"
PROXY = "10.0.0.2"


@pytest.fixture
def passed(rf: RequestFactory) -> HttpRequest:
    """A request of a visitor's that has come through nginx, over a unix socket."""
    return through(rf, "", VISITOR)


def through(rf: RequestFactory, peer: str, forwarded: str) -> HttpRequest:
    """What the views see of a request from an address, with X-Forwarded-* headers."""
    headers = {
        "X-Forwarded-For": forwarded,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Real-IP": forwarded,
    }
    request = rf.get("/", headers=headers, REMOTE_ADDR=peer)
    ProxyHeadersMiddleware(lambda request: HttpResponse())(request)
    return request


def test_behind_a_unix_socket_the_address_is_the_visitors(passed: HttpRequest) -> None:
    assert passed.META["REMOTE_ADDR"] == VISITOR
    assert passed.headers["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, VISITOR, VISITOR),
        ("::1", VISITOR, VISITOR),
        ("::ffff:10.0.0.2", VISITOR, VISITOR),
        # Two proxies, and what the visitor wrote in front of them.
        (PROXY, f"{FORGED}, {VISITOR}, 10.0.0.3", VISITOR),
        (PROXY, f"{FORGED},unknown, {VISITOR}", VISITOR),
        (PROXY, f"unknown, {PROXY}", PROXY),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, f"{VISITOR}:50000", VISITOR),
        (PROXY, "[2001:db8::7]:50000", "2001:db8::7"),
        # Another part of the site.
        (PROXY, "10.1.0.9", "10.1.0.9"),
        (PROXY, "", PROXY),
        (PROXY, "<script>", PROXY),
        ("", "", ""),
    ],
)
def test_the_address_is_the_last_that_is_no_proxys(
    rf: RequestFactory, peer: str, forwarded: str, address: str
) -> None:
    assert through(rf, peer, forwarded).META["REMOTE_ADDR"] == address


def test_nobody_else_can_claim_an_address_or_https(rf: RequestFactory) -> None:
    request = through(rf, VISITOR, FORGED)

    assert request.META["REMOTE_ADDR"] == VISITOR
    said = [name for name in request.headers if name.startswith("X-")]
    assert said == []


def test_who_is_a_proxy_can_be_named(rf: RequestFactory, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.0/24"]

    assert through(rf, "192.0.2.9", VISITOR).META["REMOTE_ADDR"] == VISITOR
    assert through(rf, PROXY, VISITOR).META["REMOTE_ADDR"] == PROXY


def test_production_believes_a_proxy_that_says_https_and_nobody_else() -> None:
    code = f"""
import config.wsgi
from django.test import Client
for peer in ("", "{PROXY}", "{VISITOR}"):
    client = Client(
        REMOTE_ADDR=peer,
        HTTP_X_FORWARDED_FOR="{FORGED}",
        HTTP_X_FORWARDED_PROTO="https",
    )
    print(client.get("/robots.txt", HTTP_HOST="example.com").status_code)
"""
    done = run_code(code, **EMBEDDED)

    answers = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert answers == ["200", "200", "301"]


def test_a_network_that_is_none_stops_the_start() -> None:
    variables = COMPLETE | {"TRUSTED_PROXIES": "10.0.0.0/8,all"}

    done = python("-c", "import config.wsgi", **variables)

    assert done.returncode
    assert done.stderr == (
        "The variable TRUSTED_PROXIES must be addresses and networks, "
        "like 10.0.0.0/8,192.0.2.7.\n"
    )
