import time
from itertools import count
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from plinth.cache import microcache

pytestmark = pytest.mark.practice(1)

Headers = dict[str, str]


MOMENT = microcache.MOMENT


@pytest.fixture(autouse=True)
def an_empty_memory(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    caches["process"].clear()
    # Longer than the slowest machine takes for a test.
    monkeypatch.setattr(answers, "MOMENT", 60)


class Site:
    """A view that counts its visitors, and what it says to whom."""

    def __init__(
        self, status: int = 200, cookie: str = "", headers: Headers | None = None
    ) -> None:
        self.visits = count(1)
        self.status, self.cookie, self.headers = status, cookie, headers
        self.view = microcache.microcache(self.answer)

    def answer(self, request: object) -> HttpResponse:
        response = HttpResponse(
            f"visit {next(self.visits)}", status=self.status, headers=self.headers
        )
        if self.cookie:
            response.set_cookie(self.cookie, "1")
        return response

    def get(self, path: str = "/", method: str = "get", **headers: str) -> HttpResponse:
        ask = getattr(RequestFactory(), method)
        response = self.view(ask(path, headers=headers))
        assert isinstance(response, HttpResponse)
        return response


def test_an_answer_is_given_again_as_it_was() -> None:
    site = Site(headers={"Expires": "soon", "Vary": "Accept"})

    first, second = site.get(), site.get()

    assert second.content == first.content == b"visit 1"
    assert second.headers == first.headers
    # What is done to one of them later is not done to the next.
    first.headers["Set-Cookie"] = second.headers["Set-Cookie"] = "mine=1"
    assert "Set-Cookie" not in site.get().headers


def test_an_answer_is_given_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOMENT < 2
    monkeypatch.setattr(answers, "MOMENT", 0.1)
    site = Site()

    site.get()
    time.sleep(0.15)

    assert site.get().content == b"visit 2"


def test_another_question_gets_another_answer() -> None:
    site = Site()
    site.get()

    with translation.override("de"):
        assert site.get().content == b"visit 2"
    others = (
        site.get("/?page=2"),
        site.get("/other/"),
        site.get(host="other.example.com"),
        site.get(method="head"),
        site.get(method="post"),
        site.get(method="post"),
    )
    assert [int(each.content[-1:]) for each in others] == [3, 4, 5, 6, 7, 8]
    assert site.get().content == b"visit 1"


@pytest.mark.parametrize(
    "site",
    [
        Site(status=404),
        Site(cookie="of-one-visitor"),
        Site(headers={"Cache-Control": "max-age=60, private"}),
    ],
    ids=["not found", "with a cookie", "private"],
)
def test_what_is_not_for_everybody_is_not_given_again(site: Site) -> None:
    site.get()

    assert site.get().content == b"visit 2"
