"""nginx's configuration: timeouts, limits and log agree with those of the application."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from plinth.logs.masking import mask

from .nginx import MAIN, find, look_up, servers, values, walk

pytestmark = pytest.mark.practice(62)


def seconds(text: str) -> int:
    assert text.endswith("s"), text
    return int(text.removesuffix("s"))


def test_gixy_finds_no_security_issue() -> None:
    gixy = Path(sys.executable).with_name("gixy")
    # The application sends HSTS.
    command = [str(gixy), "--skips", "hsts_header", str(MAIN)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "No issues found" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


# Timeouts and limits


def test_each_timeout_is_longer_than_the_next_servers(
    production: dict[str, str],
) -> None:
    [read] = values("proxy_read_timeout", find("server")[-1]["block"])[:1]
    [upstream] = find("upstream")
    [idle] = values("keepalive_timeout", upstream["block"])

    assert int(production["timeout"]) < seconds(read)
    assert seconds(idle) < int(production["keepalive"])
    assert int(values("keepalive", upstream["block"])[0]) > 0
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            assert values("proxy_http_version", place["block"]) == ["1.1"]
            assert "Connection " in values("proxy_set_header", place["block"])


def test_open_files_suffice_for_all_connections() -> None:
    [files] = map(int, values("worker_rlimit_nofile"))
    [connections] = map(int, values("worker_connections"))

    assert files == 65536
    assert connections * 2 <= files


def test_slow_clients_and_many_connections_are_limited() -> None:
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        [limit] = values(name)
        assert seconds(limit) <= 30
    assert "$client zone=clients:10m" in values("limit_conn_zone")
    assert values("limit_conn")[0] == "clients 256"
    for place in find("location"):
        # A limit of a location replaces those around it.
        assert values("limit_conn", place["block"])[:1] in ([], ["clients 256"])
    assert values("limit_conn_status") == ["429"]


def test_costly_forms_are_rate_limited_per_client() -> None:
    for name in ("sign-in", "password-change", "password-reset", "profile"):
        path = reverse(f"accounts:{name}")
        assert look_up("$costly_form", f"POST {path}") == "$client", path
        assert look_up("$costly_form", f"GET {path}") == ""
    path = reverse("accounts:password-reset-confirm", args=["MQ", "a-b"])
    assert look_up("$costly_form", f"POST {path}") == "$client"
    user = f"admin:{settings.AUTH_USER_MODEL.lower().replace('.', '_')}"
    for path in (
        reverse("admin:login"),
        reverse("admin:password_change"),
        reverse(f"{user}_changelist") + "1/password/",
        reverse(f"{user}_add"),
        # In another language.
        "/de/admin/login/",
        "/pt-br/accounts/sign-in/",
    ):
        assert look_up("$costly_form", f"POST {path}") == "$client", path
    assert look_up("$costly_form", "POST /") == ""

    [zone] = values("limit_req_zone")
    assert zone.startswith("$costly_form ")
    assert values("limit_req") == ["zone=costly_forms burst=10 nodelay"]
    assert values("limit_req_status") == ["429"]


def test_client_is_an_ipv4_address_or_an_ipv6_network() -> None:
    old, first, second = "\x7f\x00\x00\x01", "a" * 8 + "b" * 8, "a" * 8 + "c" * 8

    assert look_up("$client", old) == "$binary_remote_addr"
    assert look_up("$client", first) == look_up("$client", second) == "a" * 8


# Bodies


def test_large_bodies_need_a_session(production: dict[str, str]) -> None:
    session = production["session"]

    for method in ("GET", "HEAD"):
        assert look_up("$upload", f"{method} {session}=1") == "no"
    assert look_up("$upload", f"POST _ga=1; {session}=1") == "session"
    for cookies in ("", "_ga=1", f"{session}=", f"x{session}=1", f"a={session}; b=1"):
        assert look_up("$upload", f"POST {cookies}") == "anonymous", cookies
    sizes = values("client_max_body_size", find("http")[0]["block"])
    assert sizes[0] == "1m"


def test_request_is_sent_to_the_application_once() -> None:
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            assert values("proxy_next_upstream", place["block"]) == ["off"]


# Files


def test_only_hashed_file_names_are_immutable() -> None:
    assert "immutable" in look_up("$static_lifetime", "/static/css/a.0123456789ab.css")
    assert "immutable" not in look_up("$static_lifetime", "/static/css/a.css")
    [place] = [it for it in find("location") if it["args"] == ["^~", "/static/"]]
    assert values("gzip_static", place["block"]) == ["on"]
    assert values("try_files", place["block"]) == ["$uri @application"]


# The log


@pytest.mark.parametrize("query", ["", "?token=secret&email=a@example.com"])
def test_log_has_no_query_string_and_no_token(query: str) -> None:
    path = "/accounts/reset/MQ/c9k2x1-0123456789abcdef0123456789abcdef/"

    assert look_up("$logged_path", f"{path}{query}") == mask(path)
    assert look_up("$logged_path", f"/shop/{query}") == "/shop/"

    [form] = find("log_format")
    logged = set(re.findall(r"\$(\w+)", " ".join(form["args"])))
    assert {"request_id", "request_time", "upstream_cache_status"} <= logged
    assert not logged & {
        "args",
        "http_cookie",
        "http_referer",
        "query_string",
        "remote_user",
        "request",
        "request_uri",
    }
    assert "escape=json" in form["args"]
    assert values("access_log")[0].endswith(" json")


@pytest.mark.practice(64)
def test_request_id_of_the_log_is_sent_to_the_application() -> None:
    [form] = find("log_format")
    assert '"request_id":"$request_id"' in "".join(form["args"])
    for place in find("location"):
        if find("proxy_pass", place["block"]):
            headers = values("proxy_set_header", place["block"])
            assert "X-Request-ID $request_id" in headers, place["args"]


# Maintenance


def test_maintenance_mode_covers_every_proxied_page() -> None:
    [server] = servers(https=True, default=False)
    for place in find("location", server):
        name = place["args"][-1]
        if find("proxy_pass", place["block"]) and name not in {
            "/health/",
            "@application",  # static files
            "/upload-permission",  # asked behind it
        }:
            assert values("if", place["block"])[0] == "-f /run/app/maintenance"
            assert values("return", place["block"])[0] == "503"
    assert "500 502 504 =503 /503.html" in values("error_page", server)
    assert "503 /503.html" in values("error_page", server)
    for status in (403, 413, 429, 503):
        assert (MAIN.parent / "pages" / f"{status}.html").exists()


def test_temporary_files_and_cache_are_in_one_folder() -> None:
    for directive in walk(find("http")):
        if directive["directive"].endswith(("_temp_path", "_cache_path")):
            assert directive["args"][0].startswith("/var/cache/nginx/")
