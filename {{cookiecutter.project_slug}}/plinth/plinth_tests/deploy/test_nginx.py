"""What nginx is told: its numbers, its limits, its log. Each agrees with the site's.

Whether nginx keeps to it, only nginx can say: these tests read what it is told.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from plinth.logs.formatters import mask

from .nginx import MAIN, find, look_up, say, servers, walk

pytestmark = pytest.mark.practice(62)


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
    assert look_up("$costly_form", f"POST {reverse('pages:home')}") == ""

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
    assert look_up("$logged_path", f"/shop/{query}") == "/shop/"

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
