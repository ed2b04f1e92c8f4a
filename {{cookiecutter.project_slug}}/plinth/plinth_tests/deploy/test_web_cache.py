"""The page cache of nginx, and of Varnish in its place: which requests and responses."""

import re

import pytest
from django.conf import settings

from .nginx import find, look_up, values

pytestmark = pytest.mark.practice(54)

VARNISH = settings.BASE_DIR / "deploy" / "varnish"


def test_session_or_authorization_bypasses_the_cache(
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


def test_analytics_and_csrf_cookies_do_not_bypass_the_cache(
    production: dict[str, str],
) -> None:
    token = production["token"]
    for cookies in ("", f"{token}=1", f"_ga=1; {token}=2;_ga_X1=3", "_pk_id.1.1fff=1"):
        assert look_up("$cache_for_cookies", cookies) == "pages", cookies


def test_only_get_and_head_use_the_cache() -> None:
    assert values("proxy_cache") == ["$page_cache"]
    assert set(values("proxy_cache_methods")) <= {"GET HEAD"}


def test_application_alone_sets_the_lifetime() -> None:
    assert not find("proxy_cache_valid")
    # Not Set-Cookie, nor Cache-Control.
    assert values("proxy_ignore_headers") == ["Vary"]


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
def test_response_that_varies_by_more_than_the_key_is_not_cached(
    vary: str, otherwise: str
) -> None:
    assert values("proxy_no_cache") == ["$varies_otherwise"]
    assert look_up("$varies_otherwise", vary) == otherwise


def test_cache_key_has_host_uri_method_and_encoding() -> None:
    [key] = values("proxy_cache_key")

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
def test_application_gets_the_encoding_of_the_key(accepted: str, encoding: str) -> None:
    assert look_up("$encoding", accepted) == encoding
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            headers = values("proxy_set_header", place["block"])
            assert "Accept-Encoding $encoding" in headers


@pytest.mark.parametrize(
    ("uri", "key"),
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
def test_tracking_parameters_are_not_in_the_key(uri: str, key: str) -> None:
    assert look_up("$page_uri", uri).replace("$request_uri", uri) == key


def test_stale_page_is_served_while_the_application_fails() -> None:
    [cases] = values("proxy_cache_use_stale")

    assert set(cases.split()) == {
        "error",
        "timeout",
        "http_500",
        "http_502",
        "http_503",
        "http_504",
    }
    assert values("proxy_cache_background_update") == ["on"]


# Varnish


def test_varnish_has_the_same_rules() -> None:
    rules = (VARNISH / "rules.vcl").read_text()
    [uri] = [it["block"] for it in find("map") if it["args"][1] == "$page_uri"]
    [names] = re.findall(r"\(\?:\(\?:(utm_.*)\)\(\?:=", str(uri[0]["directive"]))
    [block] = [it["block"] for it in find("map") if it["args"][1].endswith("_cookies")]
    [cookies] = re.findall(
        r" \*(\(\?:__Host.*\)=\[\^;\]\*)\)\+\$", str(block[1]["directive"])
    )

    assert f"&(?:{names})(?:=[^&]*)?(?=&|$)" in rules
    assert cookies in rules
    assert "(?:(?:^|,) *(?:accept-encoding|cookie) *)+$" in rules
    assert "if (req.http.Authorization) {\n        return (pass);" in rules


def test_purge_through_nginx_is_refused() -> None:
    rules = (VARNISH / "rules.vcl").read_text()

    assert "if (client.ip !~ editors || req.http.X-Real-IP) {" in rules
    [editors] = re.findall(r"acl editors \{(.*?)\}", rules, re.DOTALL)
    assert re.findall(r'"(.*?)"', editors) == ["127.0.0.1", "::1"]
