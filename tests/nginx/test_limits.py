"""What one visitor may take: the others are served."""

import json
import resource
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median

import pytest

from tests.services import Front, wait_until
from tests.support import Say

from .visits import FORGED, HOST, Browser, connect, served

pytestmark = pytest.mark.services("nginx", "openssl")


def test_password_guessing_is_rate_limited_per_client(front: Front) -> None:
    path = "/accounts/sign-in/"

    def statuses(source: str, count: int) -> Counter[int]:
        browser = Browser(front, source)
        return Counter(browser.ask(path, "POST").status for _ in range(count))

    # Without a token each is refused with a 403, which costs nothing.
    tried = statuses("127.0.0.31", 20)
    assert tried[429] >= 8, tried
    assert statuses("127.0.0.32", 2) == {403: 2}
    browser = Browser(front, "127.0.0.31")
    refused = browser.ask(path, "POST")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
    assert "Too many" in refused.text
    assert browser.ask(path).status == 200


def test_clients_behind_a_load_balancer_are_told_apart(
    project: Path, database: str, tmp_path: Path
) -> None:
    with served(project, tmp_path, database, "127.0.0.40/32") as (front, _):
        balancer, other = Browser(front, "127.0.0.40"), Browser(front, "127.0.0.41")

        def address(browser: Browser, claimed: str) -> str:
            seen = browser.ask("/trial/echo/", X_Forwarded_For=claimed)
            return json.loads(seen.text)["address"]

        assert address(balancer, f"198.51.100.1, {FORGED}") == FORGED
        assert address(other, FORGED) == "127.0.0.41"

        def post(claimed: str) -> int:
            headers = {"X-Forwarded-For": claimed}
            return balancer.ask("/accounts/sign-in/", "POST", **headers).status

        # A customer has as many of the new addresses as they like, in one network.
        tried = Counter(post(f"2001:db8::{number}") for number in range(20))
        assert tried[429] >= 8, tried
        assert post("2001:db8:0:1::1") == 403
        # Health is not for them.
        browser = Browser(front, "127.0.0.40")
        assert browser.ask("/health/ready/", X_Forwarded_For=FORGED).status == 403
        assert browser.ask("/health/ready/", X_Forwarded_For="10.0.0.8").status == 200


@contextmanager
def trickle(connections: list[socket.socket]) -> Iterator[None]:
    """Send one byte a second over each, to the end of the block."""
    done = threading.Event()

    def send() -> None:
        while not done.wait(1):
            for connection in connections:
                with suppress(OSError):
                    connection.send(b"x")

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def idle_connections(front: Front, count: int) -> list[socket.socket]:
    """Connections that have got an answer each, and now say nothing."""
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    opened = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", front.http), 30)
        connection.sendall(request)
        opened.append(connection)
    assert all(b" 301 " in connection.recv(4096) for connection in opened)
    return opened


def ended(connection: socket.socket) -> bool:
    """Whether the other side has answered, or closed it without an answer."""
    connection.setblocking(False)
    try:
        connection.recv(65536)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        pass
    return True


def first_line(connection: socket.socket) -> bytes:
    """What is answered, or nothing if it is closed without an answer."""
    connection.settimeout(30)
    with suppress(OSError):
        return connection.recv(65536).partition(b"\r\n")[0]
    return b""


def pour(front: Front, source: str) -> bytes:
    """Send a gigabyte in pieces, without saying how much, until nginx has had enough."""
    connection = connect(front.https, source)
    head = f"POST /trial/kept/ HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked"
    piece = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    connection.sendall(f"{head}\r\n\r\n".encode())
    for sent in range(1024):
        connection.settimeout(0.001)
        with suppress(TimeoutError, ssl.SSLWantReadError):
            return connection.recv(65536).partition(b"\r\n")[0]
        assert sent < 100, f"{sent} MB were taken"
        connection.settimeout(30)
        connection.sendall(piece)
    raise AssertionError


def test_limits_stop_hostile_clients_only(front: Front, record_property: Say) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # Two files for each here: one of the test's, one of nginx's, which has some others.
    idle_count = min(10_000, hard - 2_000)
    told: dict[str, object] = {}
    seen: list[tuple[int, float]] = []
    done = threading.Event()

    def visit() -> None:
        browser = Browser(front, "127.0.0.50")
        while not done.is_set():
            start = time.monotonic()
            status = browser.ask("/trial/echo/").status
            seen.append((status, time.monotonic() - start))
            time.sleep(0.02)

    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        visitor = pool.submit(visit)
        stack.callback(done.set)

        # Headers and bodies, a byte a second.
        begun = time.monotonic()
        headers = [connect(front.https, "127.0.0.51") for _ in range(20)]
        for connection in headers:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        bodies = [connect(front.https, "127.0.0.52") for _ in range(270)]
        body = f"POST /trial/kept/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9999\r\n"
        for connection in bodies:
            connection.sendall(f"{body}\r\n".encode())
        stack.enter_context(trickle([*headers, *bodies]))

        idle = idle_connections(front, idle_count)
        for each in idle:
            stack.callback(each.close)
        told["idle"] = f"{idle_count} idle connections"

        head = f"POST /trial/kept/ HTTP/1.1\r\nHost: {HOST}\r\n"
        huge = connect(front.https, "127.0.0.53")
        huge.sendall(f"{head}Content-Length: {2**30}\r\n\r\n".encode())
        assert first_line(huge) == b"HTTP/1.1 413 Request Entity Too Large"
        assert pour(front, "127.0.0.53") == b"HTTP/1.1 413 Request Entity Too Large"
        large = connect(front.https, "127.0.0.53")
        with suppress(OSError):
            large.sendall(f"{head}X-Large: {'x' * 100_000}\r\n\r\n".encode())
        assert first_line(large) == b"HTTP/1.1 400 Bad Request"
        garbage = socket.create_connection(("127.0.0.1", front.https), 30)
        garbage.sendall(bytes(range(256)) * 4)
        assert b"200" not in first_line(garbage)
        plain = socket.create_connection(("127.0.0.1", front.https), 30)
        plain.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert b" 400 " in first_line(plain)

        refused = list(filter(ended, bodies))
        wait_until(lambda: all(map(ended, headers)), seconds=25)
        told["slow"] = f"slow headers cut off after {time.monotonic() - begun:.0f} s"
        still = sum(not ended(connection) for connection in idle)
        told["kept"] = f"{still} of them still open"
        told["bodies"] = f"{len(refused)} of {len(bodies)} slow bodies refused"
        done.set()
        visitor.result()

    statuses = Counter(status for status, _ in seen)
    slowest = sorted(seconds for _, seconds in seen)
    told["others"] = (
        f"meanwhile {dict(statuses)}, median {median(slowest) * 1000:.0f} ms, "
        f"99 % within {slowest[int(len(slowest) * 0.99)] * 1000:.0f} ms"
    )
    record_property("summary", "; ".join(map(str, told.values())))
    assert statuses.keys() == {200}
    assert len(seen) > 50
    # All that came after limit_conn's 256.
    assert len(refused) == len(bodies) - 256
    assert still > idle_count * 0.9


def test_no_keepalive_connection_is_dropped(front: Front, record_property: Say) -> None:
    """Forms, which nobody may send twice: a connection that ends would lose one."""
    end = time.monotonic() + 3
    headers = {"Cookie": "basket=1"}

    def visit(_: int) -> tuple[int, int]:
        browser, count = Browser(front, "127.0.0.60"), 0
        while time.monotonic() < end:
            assert browser.ask("/trial/echo/", **headers).status == 200
            assert browser.ask("/trial/kept/", "POST", "a=b").status == 403  # no token
            count += 2
        return count, browser.connections

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(visit, range(4)))

    asked = sum(count for count, _ in counts)
    opened = sum(connections for _, connections in counts)
    record_property("summary", f"{asked} requests over {opened} connections")
    # keepalive_requests is 1000.
    assert opened <= 4 + asked / 1000
