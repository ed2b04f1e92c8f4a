"""Static files, the log, and the configuration itself."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.conftest import Bake
from tests.services import Front, wait_until
from tests.support import DEFAULT, LEANEST, run

from .visits import HOST, Browser

pytestmark = pytest.mark.services("nginx", "openssl")


def test_nginx_serves_compressed_immutable_static_files(
    front: Front, project: Path
) -> None:
    page = Browser(front).ask("/catalog/").text
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    here = front.folder / "srv" / path.lstrip("/")
    browser = Browser(front)

    # Not there: the application has it.
    from_the_application = browser.ask(path, Accept_Encoding="gzip")
    assert from_the_application.status == 200
    shutil.copytree(project / "staticfiles", front.folder / "srv/static")
    assert here.exists()

    packed = browser.ask(path, Accept_Encoding="gzip")
    plain = browser.ask(path)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) < len(plain.text)
    assert plain.text == here.read_text()
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"
    for answer in (packed, plain):
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Cache"] is None
    without = browser.ask("/static/favicon.svg")
    assert without.headers["Cache-Control"] == "public, max-age=60"
    assert browser.ask("/static/../site/nginx.conf").status == 404


def test_access_log_has_no_query_string(front: Front) -> None:
    token = "c9k2x1-0123456789abcdef0123456789abcdef"
    path = f"/accounts/reset/MQ/{token}/"
    answer = Browser(front).ask(f"{path}?email=ann%40example.com")
    name = answer.headers["X-Request-ID"]

    def said() -> list[dict[str, Any]]:
        return [line for line in front.log if line["request_id"] == name]

    # It comes a moment after the answer.
    wait_until(said)
    [line] = said()
    assert line["path"] == "/accounts/reset/MQ/***/"
    assert (line["status"], line["method"]) == (answer.status, "GET")
    assert line["upstream_status"] == answer.status
    numbers = ("bytes_in", "bytes_out", "seconds", "upstream_header")
    for number in (*numbers, "upstream_connect", "upstream_seconds"):
        assert isinstance(line[number], int | float), number
    assert line["cache"] == "MISS"
    text = (front.folder / "log/access.log").read_text()
    assert "ann" not in text
    assert token not in text


@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_nginx_accepts_the_configuration(
    bake: Bake, tmp_path: Path, answers: dict[str, object]
) -> None:
    main = services.configure_nginx(bake(**answers), tmp_path, 1080, 1443)
    run("sh", tmp_path / "site/self-signed.sh", HOST, tmp_path / "tls", cwd=tmp_path)

    said = run("nginx", "-t", "-c", main, "-e", tmp_path / "errors", cwd=tmp_path)

    assert "test is successful" in said
    assert "[warn]" not in said
    assert "[alert]" not in said


@pytest.mark.services("docker")
def test_official_image_accepts_the_configuration(bake: Bake, tmp_path: Path) -> None:
    site = bake() / "deploy/nginx"
    run("sh", site / "self-signed.sh", HOST, tmp_path, cwd=tmp_path)
    folders = {site: "/etc/nginx/site", tmp_path: "/etc/nginx/tls"}

    said = run(
        *("docker", "run", "--rm", "--ulimit", "nofile=20000:20000"),
        *(part for it in folders.items() for part in ("-v", "{}:{}:ro".format(*it))),
        *("nginx:1", "nginx", "-t", "-c", "/etc/nginx/site/nginx.conf"),
        cwd=tmp_path,
    )

    assert "test is successful" in said
    warnings = [line for line in said.splitlines() if "[warn]" in line]
    assert all('"listen ... http2" directive is deprecated' in it for it in warnings)
