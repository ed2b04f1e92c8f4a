"""What the configuration of nginx promises, and where it has to agree with the site's.

Whether nginx keeps it, only nginx can say: these tests read what it is told.
"""

import re
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from apps.core.logging import mask
from tests.processes import EMBEDDED, run_code

from .nginx import MAIN, find, look_up, say, servers, walk


@pytest.fixture(scope="module")
def production() -> dict[str, str]:
    """Names and numbers that a server has."""
    code = """
import config.wsgi
from django.conf import settings
from config import gunicorn
print("session", settings.SESSION_COOKIE_NAME)
print("token", settings.CSRF_COOKIE_NAME)
print("timeout", gunicorn.timeout)
print("keepalive", gunicorn.keepalive)
"""
    lines = run_code(code, **EMBEDDED).stdout.splitlines()
    return dict(line.split(" ") for line in lines if line.count(" ") == 1)


def seconds(text: str) -> int:
    assert text.endswith("s"), text
    return int(text.removesuffix("s"))


def test_gixy_finds_nothing() -> None:
    gixy = Path(sys.executable).with_name("gixy")
    # HSTS is the application's.
    command = [str(gixy), "--skips", "hsts_header", str(MAIN)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "No issues found" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


# TLS


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


# The cache


def test_who_has_a_session_or_a_password_is_not_served_from_the_cache(
    production: dict[str, str],
) -> None:
    assert look_up("$page_cache", "Basic x") == "off"
    assert look_up("$page_cache", "") == "$cache_for_cookies"
    for name in (
        production["session"],
        settings.LANGUAGE_COOKIE_NAME,
        "messages",
        "read_from_primary",
        "basket",
    ):
        for cookies in (f"{name}=1", f"_ga=1; {name}=1; _gid=2", f"_ga=1;{name} =1"):
            assert look_up("$cache_for_cookies", cookies) == "off", cookies


def test_cookies_that_shape_no_page_keep_nobody_from_the_cache(
    production: dict[str, str],
) -> None:
    token = production["token"]
    for cookies in ("", f"{token}=1", f"_ga=1; {token}=2;_ga_X1=3", "_pk_id.1.1fff=1"):
        assert look_up("$cache_for_cookies", cookies) == "pages", cookies


def test_only_pages_are_looked_for_in_the_cache() -> None:
    assert say("proxy_cache") == ["$page_cache"]
    assert set(say("proxy_cache_methods")) <= {"GET HEAD"}


def test_a_page_is_kept_only_as_long_as_the_application_says() -> None:
    assert not find("proxy_cache_valid")
    # Not Set-Cookie, nor Cache-Control.
    assert say("proxy_ignore_headers") == ["Vary"]


@pytest.mark.parametrize(
    ("vary", "otherwise"),
    [
        ("", "0"),
        ("Accept-Encoding", "0"),
        ("Cookie, Accept-Encoding", "0"),
        ("accept-encoding,cookie", "0"),
        ("Accept-Language, Cookie", "1"),
        ("Accept-Encoding, origin", "1"),
        ("*", "1"),
    ],
)
def test_what_varies_by_more_than_the_key_has_is_not_kept(
    vary: str, otherwise: str
) -> None:
    assert say("proxy_no_cache") == ["$varies_otherwise"]
    assert look_up("$varies_otherwise", vary) == otherwise


def test_the_key_has_all_that_a_page_depends_on() -> None:
    [key] = say("proxy_cache_key")

    assert set(re.findall(r"\$\w+", key)) == {
        "$scheme",
        "$host",
        "$page_uri",
        "$request_method",
        "$encoding",
    }


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br, gzip"),
        ("gzip, deflate, br, zstd", "zstd, br, gzip"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "br, gzip"),
        ("gzip;q=0, br", ""),
        ("gzip; q=0.0", ""),
        ("identity", ""),
    ],
)
def test_the_application_packs_pages_as_the_key_says(
    accepted: str, encoding: str
) -> None:
    assert look_up("$encoding", accepted) == encoding
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            headers = say("proxy_set_header", place["block"])
            assert "Accept-Encoding $encoding" in headers


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/", "/"),
        ("/?utm_source=a&utm_medium=b", "/"),
        ("/?q=tea&gclid=1", "/?q=tea"),
        ("/?q=tea&sort=price", "/?q=tea&sort=price"),
        ("/?gclid=1&q=tea", "/?gclid=1&q=tea"),
        ("/?q=utm_source", "/?q=utm_source"),
        ("/?utm_source", "/"),
        ("/a&utm_x=1", "/a&utm_x=1"),
        ("/?xgclid=1", "/?xgclid=1"),
        ("/?a=1&&fbclid=2", "/?a=1&"),
    ],
)
def test_a_page_is_kept_once_whatever_advertisements_add(asked: str, kept: str) -> None:
    assert look_up("$page_uri", asked).replace("$request_uri", asked) == kept


def test_nginx_and_the_application_hide_the_same_parameters() -> None:
    names = "|".join(settings.TRACKING_PARAMETERS)
    [block] = [it["block"] for it in find("map") if it["args"][1] == "$page_uri"]
    patterns = [it["directive"] for it in block]

    [pattern] = [it for it in patterns if it.startswith("~")]
    assert f"(?:(?:{names})(?:=[^&]*)?(?:&|$))+$" in pattern


def test_a_page_that_is_kept_stands_in_for_an_application_that_fails() -> None:
    [cases] = say("proxy_cache_use_stale")

    assert set(cases.split()) == {
        "error",
        "timeout",
        "http_500",
        "http_502",
        "http_503",
        "http_504",
    }
    assert say("proxy_cache_background_update") == ["on"]


# The numbers


def test_each_waits_longer_than_the_one_behind_it(production: dict[str, str]) -> None:
    [read] = say("proxy_read_timeout", find("server")[-1]["block"])[:1]
    [upstream] = find("upstream")
    [idle] = say("keepalive_timeout", upstream["block"])

    assert int(production["timeout"]) < seconds(read)
    assert seconds(idle) < int(production["keepalive"])
    assert int(say("keepalive", upstream["block"])[0]) > 0
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            assert say("proxy_http_version", place["block"]) == ["1.1"]
            assert "Connection " in say("proxy_set_header", place["block"])


def test_there_are_files_for_all_connections() -> None:
    [files] = map(int, say("worker_rlimit_nofile"))
    [connections] = map(int, say("worker_connections"))

    assert files == 65536
    assert connections * 2 <= files


def test_who_is_slow_is_cut_off() -> None:
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        [limit] = say(name)
        assert seconds(limit) <= 30
    [visitor] = say("limit_conn_zone")
    assert visitor.startswith("$visitor ")
    assert say("limit_conn") == ["visitors 256"]
    assert say("limit_conn_status") == ["429"]


def test_forms_that_cost_are_limited_for_each_visitor() -> None:
    for name in ("sign-in", "password-change", "password-reset"):
        path = reverse(f"accounts:{name}")
        assert look_up("$costly_form", f"POST {path}") == "$visitor", path
        assert look_up("$costly_form", f"GET {path}") == ""
    path = reverse("accounts:password-reset-confirm", args=["MQ", "a-b"])
    assert look_up("$costly_form", f"POST {path}") == "$visitor"
    assert look_up("$costly_form", f"POST {reverse('admin:login')}") == "$visitor"
    assert look_up("$costly_form", f"POST {reverse('core:home')}") == ""

    [zone] = say("limit_req_zone")
    assert zone.startswith("$costly_form ")
    assert say("limit_req") == ["zone=costly_forms burst=10 nodelay"]
    assert say("limit_req_status") == ["429"]


def test_a_visitor_is_an_address_or_a_customers_network() -> None:
    old, first, second = "\x7f\x00\x00\x01", "a" * 8 + "b" * 8, "a" * 8 + "c" * 8

    assert look_up("$visitor", old) == "$binary_remote_addr"
    assert look_up("$visitor", first) == look_up("$visitor", second) == "a" * 8


# Files


def test_only_a_name_with_a_hash_is_kept_for_ever() -> None:
    assert "immutable" in look_up("$static_lifetime", "/static/css/a.0123456789ab.css")
    assert "immutable" not in look_up("$static_lifetime", "/static/css/a.css")
    [place] = [it for it in find("location") if it["args"] == ["^~", "/static/"]]
    assert say("gzip_static", place["block"]) == ["on"]
    assert say("try_files", place["block"]) == ["$uri @application"]


# The log


@pytest.mark.parametrize("query", ["", "?token=secret&email=a@example.com"])
def test_the_log_has_no_query_and_no_token(query: str) -> None:
    path = "/accounts/reset/MQ/c9k2x1-0123456789abcdef0123456789abcdef/"

    assert look_up("$logged_path", f"{path}{query}") == mask(path)
    assert look_up("$logged_path", f"/catalog/{query}") == "/catalog/"

    [form] = find("log_format")
    told = set(re.findall(r"\$(\w+)", " ".join(form["args"])))
    assert {"request_id", "upstream_response_time", "upstream_cache_status"} <= told
    assert not told & {
        "args",
        "http_cookie",
        "http_referer",
        "query_string",
        "remote_user",
        "request",
        "request_uri",
    }
    assert "escape=json" in form["args"]
    assert say("access_log")[0].endswith(" json")


# Maintenance


def test_every_page_of_the_application_ends_for_maintenance() -> None:
    [server] = servers(https=True, default=False)
    for place in find("location", server):
        name = place["args"][-1]
        if find("proxy_pass", place["block"]) and name not in {
            "/health/",
            "@application",  # static files
        }:
            assert say("if", place["block"]) == ["-f /run/app/maintenance"]
            assert say("return", place["block"]) == ["503"]
    assert "502 504 =503 /503.html" in say("error_page", server)
    assert "503 /503.html" in say("error_page", server)
    for status in (413, 429, 503):
        assert (MAIN.parent / "pages" / f"{status}.html").exists()


def test_nothing_is_written_outside_of_two_folders() -> None:
    for directive in walk(find("http")):
        if directive["directive"].endswith(("_temp_path", "_cache_path")):
            assert directive["args"][0].startswith("/var/cache/nginx/")
