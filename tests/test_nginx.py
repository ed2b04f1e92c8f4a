"""The project behind its own nginx, over a socket: https, the cache, hostile visitors."""

import json
import resource
import shutil
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from statistics import median

import pytest

from tests import services
from tests.conftest import Bake
from tests.production import manage, servable, shell, sign_in
from tests.services import Answer, Front, wait_until
from tests.support import DEFAULT, LEANEST, Say, refusal, run

pytestmark = pytest.mark.services("nginx", "openssl")

HOST = "example.com"
SESSION = "__Host-sessionid"
TOKEN = "__Host-csrftoken"
FORGED = "203.0.113.9"

# What the tests need to see, and no project should show.
TRIAL_VIEWS = """

import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.generic import View


class EchoView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        facts = {"scheme": request.scheme, "address": request.META["REMOTE_ADDR"]}
        return JsonResponse(facts | {"headers": dict(request.headers)})


class KeptView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        lines = [f"made at {time.time_ns()}"]
        if "who" in request.GET:
            lines.append(f"for {getattr(request.user, 'email', 'nobody')}")
        return HttpResponse(lines, headers={
            "Cache-Control": request.GET["says"], "Vary": request.GET.get("vary", "")
        })

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(len(request.body))


class BusyView(View):
    inside = most = 0

    def get(self, request: HttpRequest) -> HttpResponse:
        BusyView.inside += 1
        BusyView.most = max(BusyView.most, BusyView.inside)
        time.sleep(0.5)
        BusyView.inside -= 1
        return HttpResponse(BusyView.most, headers={"Cache-Control": "no-store"})


urlpatterns += [
    path("trial/busy/", BusyView.as_view()),
    path("trial/echo/", EchoView.as_view()),
    path("trial/kept/", KeptView.as_view()),
]
"""
KEPT = "/trial/kept/?says=public,s-maxage%3D60"
# It runs out after a second, which nginx counts by its clock's.
SHORT = "/trial/kept/?says=public,s-maxage%3D1"
RUNS_OUT = 2.1

# Certificates here are of the tests' own making.
TRUSTING = ssl._create_unverified_context()
TRUSTING.set_alpn_protocols(["http/1.1"])


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    return servable(install(), folder, config__urls=TRIAL_VIEWS)


@pytest.fixture(scope="module")
def database(project: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('database')}/db.sqlite3"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    return url


@pytest.fixture(scope="module")
def sessions(project: Path, database: str) -> list[str]:
    """Of Ann and of Bo, who are signed in."""
    return sign_in(project, "Ann", "Bo", DATABASE_URL=database)


class Application:
    """Gunicorn behind the socket that nginx knows: it can be stopped and started."""

    def __init__(self, project: Path, front: Front, database: str) -> None:
        self.project, self.front, self.database = project, front, database
        self.stack = ExitStack()

    @property
    def log(self) -> Path:
        return self.front.folder / "application.log"

    def start(self) -> None:
        running = services.gunicorn_on(
            self.front.folder / "run/blue.sock",
            self.project,
            self.log,
            DATABASE_URL=self.database,
            SECURE_SSL_REDIRECT="true",
            WEB_CONCURRENCY="1",
        )
        self.stack.enter_context(running)
        wait_until(lambda: Browser(self.front).ask("/robots.txt").status == 200)

    def stop(self) -> None:
        self.stack.close()


@contextmanager
def served(
    project: Path, folder: Path, database: str, *trusted: str
) -> Iterator[tuple[Front, Application]]:
    with services.front(project, folder, *trusted) as front:
        application = Application(project, front, database)
        application.start()
        try:
            yield front, application
        finally:
            application.stop()


@pytest.fixture(scope="module")
def front(
    project: Path, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with served(project, tmp_path_factory.mktemp("front"), database) as (front, _):
        yield front


class Browser:
    """A connection, kept as long as nginx keeps it, from an address of this machine's."""

    def __init__(
        self, front: Front, source: str = "127.0.0.1", name: str = HOST
    ) -> None:
        self.front, self.name, self.connections = front, name, 0

        class Connection(HTTPSConnection):
            def connect(connection) -> None:
                self.connections += 1
                connection.sock = connect(front.https, source, name)

        self.connection = Connection("127.0.0.1", front.https)

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {"Host": self.name} | named)
        response = self.connection.getresponse()
        text = response.read().decode(errors="replace")
        return Answer(response.status, response.headers, text)


def connect(port: int, source: str = "127.0.0.1", name: str = HOST) -> ssl.SSLSocket:
    """Open a TLS connection, whatever certificate the other side shows."""
    raw = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
    return TRUSTING.wrap_socket(raw, server_hostname=name)


def over_http(front: Front, path: str, host: str = HOST) -> Answer:
    return services.get(f"http://127.0.0.1:{front.http}{path}", host=host)


def cookies(**values: str) -> str:
    return "; ".join(f"{name}={value}" for name, value in values.items())


def cookie_of(answer: Answer, name: str) -> str:
    """A cookie that an answer sets, with what it says about it."""
    [said] = [
        cookie
        for cookie in answer.headers.get_all("Set-Cookie", [])
        if cookie.startswith(f"{name}=")
    ]
    return said


def cache_of(answer: Answer) -> str:
    return str(answer.headers["X-Cache"])


# https


def test_http_leads_to_https_once_and_hsts_is_said_once(front: Front) -> None:
    plain = over_http(front, "/catalog/?q=tea")
    assert plain.status == 301
    assert plain.headers["Location"] == "https://example.com/catalog/?q=tea"

    page = Browser(front).ask("/catalog/")

    assert page.status == 200
    assert len(page.headers.get_all("Strict-Transport-Security", [])) == 1
    assert page.headers.get_all("Server") == ["nginx"]
    assert plain.headers["Strict-Transport-Security"] is None


def test_somebody_signs_in_and_another_site_cannot_do_it_for_them(
    front: Front, project: Path, database: str
) -> None:
    create = (
        "from apps.accounts.models import User;"
        "User.objects.create_user('cy@example.com', 'a long one for the trial')"
    )
    shell(project, create, DATABASE_URL=database)
    path, browser = "/accounts/sign-in/", Browser(front, "127.0.0.21")
    said = cookie_of(browser.ask(path), TOKEN)
    assert {"Secure", "HttpOnly"} <= set(said.split("; "))
    token = said.partition(";")[0].partition("=")[2]
    body = (
        f"csrfmiddlewaretoken={token}&username=cy%40example.com"
        "&password=a+long+one+for+the+trial"
    )

    def post(origin: str) -> Answer:
        return browser.ask(
            path,
            "POST",
            body,
            Cookie=cookies(**{TOKEN: token}),
            Origin=origin,
            Content_Type="application/x-www-form-urlencoded",
        )

    assert post("https://evil.example").status == 403
    signed_in = post("https://example.com")

    assert signed_in.status == 302
    said = cookie_of(signed_in, SESSION)
    assert {"Secure", "HttpOnly", "Path=/"} <= set(said.split("; "))


def test_the_application_sees_who_visits_and_how_whatever_they_claim(
    front: Front,
) -> None:
    claims = {
        "Forwarded": f"for={FORGED};proto=http;host=evil.example",
        "X-Forwarded-For": FORGED,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Proto": "http",
        "X-Real-IP": FORGED,
        "X-Request-ID": "claimed-by-a-visitor",
    }

    answer = Browser(front, "127.0.0.22").ask("/trial/echo/", **claims)

    seen = json.loads(answer.text)
    assert (seen["scheme"], seen["address"]) == ("https", "127.0.0.22")
    assert seen["headers"]["Host"] == HOST
    assert FORGED not in answer.text
    assert "evil.example" not in answer.text
    named = answer.headers.get_all("X-Request-ID")
    assert named == [seen["headers"]["X-Request-Id"]]
    assert "claimed" not in answer.text
    # The same name in both logs.
    assert named[0] in [line["request_id"] for line in front.log]


@pytest.mark.services("curl")
def test_a_browser_speaks_http_2_and_its_session_is_found_among_its_cookies(
    front: Front,
) -> None:
    def ask(*cookies: str) -> list[str]:
        """The protocol, the status and where the page comes from."""
        return run(
            *("curl", "--silent", "--insecure", "--http2", "--output", "/dev/null"),
            *("--resolve", f"{HOST}:{front.https}:127.0.0.1", "--noproxy", "*"),
            *("--write-out", "%{http_version} %{http_code} %header{x-cache}"),
            *("--header", f"Host: {HOST}"),
            *(part for cookie in cookies for part in ("--header", f"Cookie: {cookie}")),
            f"https://{HOST}:{front.https}{KEPT}&name=http2",
            cwd=front.folder,
        ).split()

    assert ask() == ["2", "200", "MISS"]
    assert ask("_ga=1") == ["2", "200", "HIT"]
    # Each in a header of its own, as browsers send them.
    assert ask("_ga=1", f"{SESSION}=x") == ["2", "200", "BYPASS"]
    assert ask(f"{SESSION}=x", "_ga=1") == ["2", "200", "BYPASS"]


def test_old_tls_is_refused_and_todays_is_not(front: Front) -> None:
    def shake(version: ssl.TLSVersion) -> str | None:
        context = ssl._create_unverified_context()
        context.minimum_version = context.maximum_version = version
        # Today's OpenSSL would not even ask.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with (
            socket.create_connection(("127.0.0.1", front.https), 10) as raw,
            context.wrap_socket(raw, server_hostname=HOST) as wrapped,
        ):
            return wrapped.version()

    assert shake(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert shake(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.warns(DeprecationWarning), pytest.raises(ssl.SSLError, match="alert"):
        shake(ssl.TLSVersion.TLSv1_1)


def test_who_does_not_know_the_name_gets_nothing(front: Front) -> None:
    with pytest.raises((OSError, HTTPException)):
        over_http(front, "/", host="evil.example")
    with pytest.raises(ssl.SSLError, match="unrecognized"):
        connect(front.https, name="evil.example")
    # Another name within a connection for the site's.
    assert Browser(front).ask("/", Host="evil.example").status == 421


def test_who_renews_the_certificate_finds_its_folder_over_http(front: Front) -> None:
    challenge = front.folder / "acme/.well-known/acme-challenge/token"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("proof")

    answer = over_http(front, "/.well-known/acme-challenge/token")

    assert (answer.status, answer.text) == (200, "proof")


def test_a_certificate_is_not_replaced_by_one_to_try_out(front: Front) -> None:
    script, folder = front.folder / "site/self-signed.sh", front.folder / "tls"

    [said] = refusal("sh", script, HOST, folder, cwd=front.folder)

    assert said == f"{folder} has a certificate already: it stays."
    assert (folder / "privkey.pem").stat().st_mode & 0o777 == 0o600


def test_a_probe_by_address_is_answered_over_http(front: Front) -> None:
    answer = over_http(front, "/health/ready/", host="10.0.0.9")

    assert answer.status == 200
    assert json.loads(answer.text)["parts"]["database"] == "ok"


# The cache


def test_a_public_page_is_kept_for_all_who_have_no_session(front: Front) -> None:
    path = f"{KEPT}&name=all"
    browser = Browser(front)
    first = browser.ask(path)
    assert (first.status, cache_of(first)) == (200, "MISS")

    again = browser.ask(path)
    assert (again.text, cache_of(again)) == (first.text, "HIT")
    # Each answer has the name of its own request.
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    for cookie in ("_ga=1", f"_ga=1; {TOKEN}=2; _gid=3"):
        assert browser.ask(path, Cookie=cookie).text == first.text
    advertised = browser.ask(f"{path}&utm_source=a&gclid=b")
    assert (advertised.text, cache_of(advertised)) == (first.text, "HIT")
    # As the browser can read it.
    assert cache_of(browser.ask(path, Accept_Encoding="gzip, br")) == "MISS"
    assert cache_of(browser.ask(path, Accept_Encoding="br;q=1, gzip")) == "HIT"


def test_the_home_page_comes_from_the_cache(front: Front) -> None:
    browser = Browser(front, "127.0.0.23")
    first, second = (browser.ask("/catalog/?utm_source=a") for _ in range(2))

    assert first.text == second.text
    assert cache_of(second) == "HIT"
    assert "Set-Cookie" not in second.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": f"{SESSION}=ended"},
        {"Cookie": f"_ga=1; {SESSION}=ended"},
        {"Cookie": "django_language=de"},
        {"Cookie": "messages=x"},
        {"Cookie": "basket=1"},
        {"Authorization": "Bearer x"},
    ],
    ids=lambda headers: next(iter(headers.values())),
)
def test_who_may_get_a_page_of_their_own_is_served_by_the_application(
    front: Front, headers: dict[str, str]
) -> None:
    path = f"{KEPT}&name={abs(hash(str(headers)))}"
    browser = Browser(front)
    kept = browser.ask(path)

    own = browser.ask(path, **headers)

    assert cache_of(own) == "BYPASS"
    assert own.text != kept.text
    # And leaves nothing behind.
    assert browser.ask(path).text == kept.text


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/sign-in/",  # sets a cookie
        "/trial/kept/?says=private,max-age%3D60",
        "/trial/kept/?says=no-store",
        "/trial/kept/?says=",
        f"{KEPT}&vary=Accept-Language",
        f"{KEPT}&vary=*",
    ],
)
def test_what_is_not_for_all_is_not_kept(front: Front, path: str) -> None:
    browser = Browser(front, "127.0.0.24")
    first, second = browser.ask(path), browser.ask(path)

    assert (first.status, second.status) == (200, 200)
    assert (cache_of(first), cache_of(second)) == ("MISS", "MISS")
    assert first.text != second.text


def test_who_has_a_session_and_a_page_that_has_not_changed_gets_no_body(
    front: Front, sessions: list[str]
) -> None:
    """What nginx looks for in its cache, it asks for without the browser's conditions."""
    cookie, path = cookies(**{SESSION: sessions[0]}), "/trial/echo/"

    answer = Browser(front).ask(path, Cookie=cookie, If_None_Match='"of-the-page"')

    assert json.loads(answer.text)["headers"]["If-None-Match"] == '"of-the-page"'


def test_nobody_ever_sees_a_page_of_somebody_else(
    front: Front, sessions: list[str], record_property: Say
) -> None:
    """Two who are signed in and one who is not ask for the same pages at once.

    One page is of somebody's own; the other says that it is for all, which is a mistake.
    """
    people = dict(zip(("Ann", "Bo"), sessions, strict=True))
    paths = ["/accounts/profile/", f"{KEPT}&who=1&name=mistaken"]
    end, seen = time.monotonic() + 3, Counter()

    def visit(name: str) -> None:
        browser = Browser(front, "127.0.0.25")
        mine = {"Cookie": cookies(**{SESSION: people[name]})} if name in people else {}
        while time.monotonic() < end:
            for path in paths:
                page = browser.ask(path, **mine)
                text = page.text.lower()
                shown = {it for it in people if f"{it.lower()}@example.com" in text}
                assert shown == ({name} & people.keys()), path
                seen[name, cache_of(page)] += 1

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(visit, it) for it in [*people, "nobody"] * 2]:
            done.result()

    record_property("summary", f"{seen.total()} pages, none of somebody else's: {seen}")
    assert seen["nobody", "HIT"]
    assert not seen["Ann", "HIT"] + seen["Bo", "HIT"]


def test_pages_that_are_not_kept_do_not_wait_for_each_other(front: Front) -> None:
    """With proxy_cache_lock they would: half a second for each, one after the other."""

    def ask(_: int) -> int:
        return int(Browser(front, "127.0.0.26").ask("/trial/busy/").text)

    with ThreadPoolExecutor(8) as pool:
        made_at_once = max(pool.map(ask, range(8)))

    assert made_at_once > 1


# When the application is down


def test_what_is_kept_stands_in_for_an_application_that_is_down(
    project: Path, database: str, tmp_path: Path
) -> None:
    with served(project, tmp_path, database) as (front, application):
        browser = Browser(front)
        kept = browser.ask(SHORT)
        assert cache_of(kept) == "MISS"
        application.stop()
        time.sleep(RUNS_OUT)

        stale = browser.ask(SHORT)
        assert (stale.status, stale.text) == (200, kept.text)
        assert cache_of(stale) == "STALE"
        for method in ("GET", "POST"):
            missing = browser.ask("/trial/echo/", method)
            assert missing.status == 503
            assert missing.headers["Retry-After"] == "60"
            assert "We will be back" in missing.text
            assert "no-store" in missing.headers["Cache-Control"]
        # Whoever is signed in gets no page of somebody else.
        assert browser.ask(SHORT, Cookie=f"{SESSION}=x").status == 503

        application.start()
        assert browser.ask("/trial/echo/").status == 200
        assert browser.ask(SHORT).text != kept.text

        switch = front.folder / "run/maintenance"
        switch.touch()
        page = browser.ask("/trial/echo/")
        assert (page.status, page.headers["Retry-After"]) == (503, "60")
        assert over_http(front, "/health/live/").status == 200
        switch.unlink()
        assert browser.ask("/trial/echo/").status == 200


def test_a_page_that_runs_out_is_made_anew_behind_the_visitors_back(
    front: Front,
) -> None:
    path = f"{SHORT},stale-while-revalidate%3D60&name=behind"
    browser = Browser(front)
    old = browser.ask(path)
    time.sleep(RUNS_OUT)

    late = browser.ask(path)

    assert (late.text, cache_of(late)) == (old.text, "STALE")
    wait_until(lambda: browser.ask(path).text != old.text)


# Limits


def test_who_tries_passwords_is_stopped_and_nobody_else(front: Front) -> None:
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


def test_behind_a_load_balancer_each_visitor_is_told_apart(
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


def test_hostile_visitors_meet_limits_and_the_others_are_served(
    front: Front, record_property: Say
) -> None:
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
        stack.callback(lambda: [connection.close() for connection in idle])
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


def test_no_kept_connection_is_dropped(front: Front, record_property: Say) -> None:
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


# Files, the log, the configuration


def test_nginx_sends_static_files_packed_and_for_ever(
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


def test_the_log_says_what_happened_and_nothing_of_a_query(front: Front) -> None:
    token = "c9k2x1-0123456789abcdef0123456789abcdef"
    path = f"/accounts/reset/MQ/{token}/"
    answer = Browser(front).ask(f"{path}?email=ann%40example.com")
    name = answer.headers["X-Request-ID"]

    [line] = [line for line in front.log if line["request_id"] == name]

    assert line["path"] == "/accounts/reset/MQ/***/"
    assert (line["status"], line["method"]) == (str(answer.status), "GET")
    assert float(line["upstream_seconds"]) >= 0
    assert line["cache"] == "MISS"
    text = (front.folder / "log/access.log").read_text()
    assert "ann" not in text
    assert token not in text


@pytest.mark.parametrize("answers", [DEFAULT, LEANEST], ids=["default", "leanest"])
def test_nginx_takes_the_configuration(
    bake: Bake, tmp_path: Path, answers: dict[str, object]
) -> None:
    main = services.configure_nginx(bake(**answers), tmp_path, 1080, 1443)
    run("sh", tmp_path / "site/self-signed.sh", HOST, tmp_path / "tls", cwd=tmp_path)

    said = run("nginx", "-t", "-c", main, "-e", tmp_path / "errors", cwd=tmp_path)

    assert "test is successful" in said
    assert "[warn]" not in said
    assert "[alert]" not in said


@pytest.mark.services("docker")
def test_the_official_image_takes_the_configuration(bake: Bake, tmp_path: Path) -> None:
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
