"""Which pages nginx keeps, for whom, and when the application is down."""

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.services import Front, wait_until
from tests.support import Say

from .visits import (
    KEPT,
    RUNS_OUT,
    SESSION,
    SHORT,
    TOKEN,
    Browser,
    cache_of,
    cookies,
    over_http,
    served,
)

pytestmark = pytest.mark.services("nginx", "openssl")


def test_anonymous_page_is_cached(front: Front) -> None:
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


def test_home_page_is_served_from_the_cache(front: Front) -> None:
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
def test_session_or_authorization_bypasses_the_cache(
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
def test_private_response_is_not_cached(front: Front, path: str) -> None:
    browser = Browser(front, "127.0.0.24")
    first, second = browser.ask(path), browser.ask(path)

    assert (first.status, second.status) == (200, 200)
    assert (cache_of(first), cache_of(second)) == ("MISS", "MISS")
    assert first.text != second.text


def test_unchanged_page_of_a_session_is_answered_with_304(
    front: Front, sessions: list[str]
) -> None:
    """What nginx looks for in its cache, it asks for without the browser's conditions."""
    cookie, path = cookies(**{SESSION: sessions[0]}), "/trial/echo/"

    answer = Browser(front).ask(path, Cookie=cookie, If_None_Match='"of-the-page"')

    assert json.loads(answer.text)["headers"]["If-None-Match"] == '"of-the-page"'


def test_no_client_gets_anothers_page(
    front: Front, sessions: list[str], record_property: Say
) -> None:
    """Two who are signed in and one who is not ask for the same pages at once.

    One page is of somebody's own; the other says that it is for all, which is a mistake.
    """
    people = dict(zip(("Ann", "Bo"), sessions, strict=True))
    paths = ["/accounts/profile/", f"{KEPT}&who=1&name=mistaken"]
    end = time.monotonic() + 3
    seen: Counter[tuple[str, str]] = Counter()

    def visit(name: str) -> None:
        browser = Browser(front, "127.0.0.25")
        mine = {"Cookie": cookies(**{SESSION: people[name]})} if name in people else {}
        while time.monotonic() < end:
            for path in paths:
                page = browser.ask(path, **mine)
                text = page.text.lower()
                # By the address, or by the name in the form of the profile.
                shown = {
                    it
                    for it in people
                    if re.search(
                        rf'{it.lower()}@example\.com|value="{it.lower()}"', text
                    )
                }
                assert shown == ({name} & people.keys()), path
                seen[name, cache_of(page)] += 1

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(visit, it) for it in [*people, "nobody"] * 2]:
            done.result()

    record_property("summary", f"{seen.total()} pages, none of somebody else's: {seen}")
    assert seen["nobody", "HIT"]
    assert not seen["Ann", "HIT"] + seen["Bo", "HIT"]


def test_uncacheable_requests_run_concurrently(front: Front) -> None:
    """With proxy_cache_lock they would: half a second for each, one after the other."""

    def ask(_: int) -> int:
        return int(Browser(front, "127.0.0.26").ask("/trial/busy/").text)

    with ThreadPoolExecutor(8) as pool:
        made_at_once = max(pool.map(ask, range(8)))

    assert made_at_once > 1


# When the application is down


def test_stale_page_is_served_while_the_application_is_down(
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


def test_expired_page_is_refreshed_in_the_background(
    front: Front,
) -> None:
    path = f"{SHORT},stale-while-revalidate%3D60&name=behind"
    browser = Browser(front)
    old = browser.ask(path)
    time.sleep(RUNS_OUT)

    late = browser.ask(path)

    assert (late.text, cache_of(late)) == (old.text, "STALE")
    wait_until(lambda: browser.ask(path).text != old.text)
