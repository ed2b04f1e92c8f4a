"""Https ends at nginx, and the application hears of it and of who visits."""

import re
from ipaddress import ip_network

import pytest
from django.conf import settings

from .nginx import find, say, servers

pytestmark = pytest.mark.practice(28)


def test_tls_is_what_mozilla_calls_intermediate() -> None:
    assert say("ssl_protocols") == ["TLSv1.2 TLSv1.3"]
    [ciphers] = say("ssl_ciphers")
    for cipher in ciphers.split(":"):
        assert re.fullmatch(r"ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20)-.*", cipher)
    assert say("ssl_session_tickets") == ["off"]
    assert say("ssl_session_cache")[0].startswith("shared:")


def test_http_leads_to_https_in_one_step() -> None:
    [server] = servers(https=False, default=False)

    assert say("return", server) == ["301 https://$host$request_uri"]
    places = [it["args"][-1] for it in find("location", server)]
    assert places == ["/.well-known/acme-challenge/", "/health/", "/"]
    [root] = say("root", server)
    assert root == "/var/www/acme"


def test_nobody_is_served_under_a_name_that_is_not_the_sites() -> None:
    [http] = servers(https=False, default=True)
    [https] = servers(https=True, default=True)

    locations = {" ".join(it["args"]): it["block"] for it in find("location", http)}
    assert say("return", locations.pop("/")) == ["444"]
    assert list(locations) == ["^~ /health/"]
    assert say("ssl_reject_handshake", https) == ["on"]
    assert not find("proxy_pass", https)


def test_hsts_is_left_to_the_application() -> None:
    assert not [it for it in say("add_header") if "strict-transport" in it.lower()]


def test_the_version_is_nobodys_business() -> None:
    assert say("server_tokens") == ["off"]


# What the application is told


def test_the_application_hears_what_nginx_saw_and_nothing_that_a_visitor_said() -> None:
    places = [it["block"] for it in find("location") if find("proxy_pass", it["block"])]
    assert places
    for place in places:
        said = say("proxy_set_header", place)
        assert {
            "Host $host",
            "X-Forwarded-For $remote_addr",
            "X-Forwarded-Proto $scheme",
            "X-Real-IP $remote_addr",
            "X-Request-ID $request_id",
            "Forwarded ",
            "X-Forwarded-Host ",
            "X-Forwarded-Port ",
        } <= set(said)
        names = [header.split()[0] for header in said]
        assert len(names) == len(set(names))


def test_no_address_is_believed_until_somebody_names_a_load_balancer() -> None:
    assert not find("set_real_ip_from")


def test_an_answer_has_the_id_of_its_own_request() -> None:
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            assert "X-Request-ID" in say("proxy_hide_header", place["block"])
            headers = say("add_header", place["block"])
            assert "X-Request-ID $request_id always" in headers


def test_health_is_for_who_is_near() -> None:
    found = [it for it in find("location") if it["args"] == ["^~", "/health/"]]

    assert len(found) == 3  # by name, and over http by address too
    for location in found:
        assert say("deny", location["block"]) == ["all"]
        near = {str(ip_network(it)) for it in say("allow", location["block"])}
        assert near <= set(settings.TRUSTED_PROXIES)
