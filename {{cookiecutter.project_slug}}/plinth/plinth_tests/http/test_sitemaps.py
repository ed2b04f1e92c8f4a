from collections.abc import Callable
from http import HTTPStatus

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from plinth.http.sitemap_urls import hourly


@pytest.mark.parametrize("query", ["", "?p=1", "?p=20"])
def test_pages_of_a_sitemap_are_cached(rf: RequestFactory, query: str) -> None:
    page = counting()
    texts = {page(rf.get(f"/sitemap.xml{query}")).content for _ in range(2)}

    assert texts == {b"1"}


@pytest.mark.parametrize("query", ["x=1", "p=01", "p=1&x=1", "p=%31", "p=0", "&"])
def test_invented_query_fills_no_cache(rf: RequestFactory, query: str) -> None:
    response = counting()(rf.get(f"/sitemap.xml?{query}"))

    assert response.status_code == HTTPStatus.FOUND
    assert response.headers["Location"] == "/sitemap.xml"


def counting() -> Callable[..., HttpResponse]:
    """A view that answers with the number of its calls."""
    calls = []

    def view(request: HttpRequest) -> HttpResponse:
        calls.append(request)
        return HttpResponse(str(len(calls)))

    return hourly(view)
