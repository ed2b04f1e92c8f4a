"""nginx terminates TLS, and passes scheme and client IP on to the application."""

import re
from ipaddress import ip_network

import pytest

from .nginx import find, servers, values

pytestmark = pytest.mark.practice(28)

PRIVATE = {
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    *("::1/128", "fc00::/7"),
}


def test_tls_follows_mozillas_intermediate_profile() -> None:
    assert values("ssl_protocols") == ["TLSv1.2 TLSv1.3"]
    [ciphers] = values("ssl_ciphers")
    for cipher in ciphers.split(":"):
        assert re.fullmatch(r"ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20)-.*", cipher)
    assert values("ssl_session_tickets") == ["off"]
    assert values("ssl_session_cache")[0].startswith("shared:")


def test_http_redirects_to_https() -> None:
    [server] = servers(https=False, default=False)

    assert values("return", server) == ["301 https://$host$request_uri"]
    places = [it["args"][-1] for it in find("location", server)]
    assert places == [
        "/.well-known/acme-challenge/",
        "/health/",
        "/health/nginx",
        "/",
    ]
    [root] = values("root", server)
    assert root == "/var/www/acme"


def test_unknown_host_name_gets_no_response() -> None:
    [http] = servers(https=False, default=True)
    [https] = servers(https=True, default=True)

    locations = {" ".join(it["args"]): it["block"] for it in find("location", http)}
    assert values("return", locations.pop("/")) == ["444"]
    assert list(locations) == ["^~ /health/", "= /health/nginx"]
    assert values("ssl_reject_handshake", https) == ["on"]
    assert not find("proxy_pass", https)


def test_every_response_has_one_hsts_header() -> None:
    [server] = servers(https=True, default=False)
    for place in find("location", server):
        block = place["block"]
        # Responses of the application have its own.
        own = bool(find("root", block)) and not find("proxy_pass", block)
        hsts = [it for it in values("add_header", block) if "Strict-Transport" in it]
        assert len(hsts) == own, place["args"]


def test_version_is_hidden() -> None:
    assert values("server_tokens") == ["off"]


# Request headers of the application


def test_forwarded_headers_come_from_nginx_only() -> None:
    places = [it["block"] for it in find("location") if find("proxy_pass", it["block"])]
    assert places
    for place in places:
        headers = values("proxy_set_header", place)
        assert {
            "Host $host",
            "X-Forwarded-For $remote_addr",
            "X-Forwarded-Proto $scheme",
            "X-Real-IP $remote_addr",
            "X-Request-ID $request_id",
            "Forwarded ",
            "X-Forwarded-Host ",
            "X-Forwarded-Port ",
        } <= set(headers)
        names = [header.split()[0] for header in headers]
        assert len(names) == len(set(names))


def test_no_proxy_is_trusted_by_default() -> None:
    assert not find("set_real_ip_from")


def test_response_has_the_id_of_its_own_request() -> None:
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            assert "X-Request-ID" in values("proxy_hide_header", place["block"])
            headers = values("add_header", place["block"])
            assert "X-Request-ID $request_id always" in headers


def test_health_is_for_private_networks() -> None:
    found = [it for it in find("location") if it["args"] == ["^~", "/health/"]]

    assert len(found) == 3  # both servers of the site, and http without its name
    for location in found:
        assert values("deny", location["block"]) == ["all"]
        allowed = {str(ip_network(it)) for it in values("allow", location["block"])}
        assert allowed <= PRIVATE
