"""Request bodies: who may send a large one, and how often a request is sent on."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.services import Front, wait_until

from .visits import HOST, SESSION, Browser, connect, cookies

pytestmark = pytest.mark.services("nginx", "openssl")

UPLOAD = "/trial/upload/"
EDGE = "boundary-of-the-trial"


def announce(front: Front, path: str, size: int, **headers: str) -> ssl.SSLSocket:
    """Send the head of a POST and none of its body."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {size}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection = connect(front.https, "127.0.0.70")
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def refused(connection: ssl.SSLSocket) -> int:
    with closing(connection):
        return int(connection.recv(65536).split()[1])


def test_large_body_is_read_from_a_permitted_session_only(
    front: Front, sessions: list[str]
) -> None:
    ann = cookies(**{SESSION: sessions[0]})
    browser = Browser(front, "127.0.0.71")

    # Each is answered before the body.
    assert refused(announce(front, "/trial/kept/", 20_000_000)) == 413
    assert refused(announce(front, "/trial/kept/", 20_000_000, Cookie=ann)) == 413
    assert refused(announce(front, "/admin/accounts/user/add/", 20_000_000)) == 403
    assert refused(announce(front, "/admin/login/", 20_000_000)) == 413
    for cookie in ("", "__Host-csrftoken=x", f"{SESSION}=", f"{SESSION}=forged"):
        large = announce(front, UPLOAD, 200_000_000, Cookie=cookie)
        assert refused(large) == 403, cookie
    missing = announce(front, "/nowhere/upload/", 200_000_000, Cookie=ann)
    assert refused(missing) == 403
    assert browser.ask(UPLOAD).status == 302
    assert browser.ask(UPLOAD, Cookie=ann).text == "0 bodies"

    body = (
        f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        f"{'x' * 30_000_000}\r\n--{EDGE}--\r\n"
    )
    form = {"Content_Type": f"multipart/form-data; boundary={EDGE}"}
    sent = browser.ask(UPLOAD, "POST", body, Cookie=ann, **form)

    assert (sent.status, sent.text) == (200, "30000000")
    assert browser.ask(UPLOAD, Cookie=ann).text == "1 bodies"


def test_client_has_four_uploads_at_a_time(front: Front, sessions: list[str]) -> None:
    ann = cookies(**{SESSION: sessions[0]})
    slow = [announce(front, UPLOAD, 200_000_000, Cookie=ann) for _ in range(5)]
    try:
        statuses = []
        for connection in slow:
            connection.settimeout(0.5)
            try:
                statuses.append(int(connection.recv(65536).split()[1]))
            except TimeoutError:
                statuses.append(0)
        assert sorted(statuses) == [0, 0, 0, 0, 429]
        # Forms without files do not count.
        assert Browser(front, "127.0.0.70").ask("/trial/kept/", "POST").status == 403
    finally:
        for connection in slow:
            connection.close()


def test_request_that_kills_its_worker_is_sent_once(
    front: Front, tmp_path: Path
) -> None:
    browsers = [Browser(front, "127.0.0.72") for _ in range(8)]

    # Idle connections to the application, each of which would be tried.
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda browser: browser.ask("/trial/busy/"), browsers))
    answer = browsers[0].ask(f"/trial/kill/?file={tmp_path}/killed")

    assert answer.status == 503
    assert (tmp_path / "killed").read_text() == "x"
    wait_until(lambda: browsers[1].ask("/trial/echo/").status == 200)


def test_fragment_in_a_request_target_is_refused(front: Front) -> None:
    browser = Browser(front)

    for path in ("/catalog/products/?utm_a=#&q=zzz", "/#", "/%23#"):
        assert browser.ask(path).status == 400, path
    assert browser.ask("/trial/echo/?q=%23").status == 200
