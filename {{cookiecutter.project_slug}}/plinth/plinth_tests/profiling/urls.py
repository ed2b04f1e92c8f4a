"""Pages to profile."""

from collections.abc import Iterator

from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from plinth_tests.site import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def burn() -> None:
    for _ in range(500_000):
        pass


def hot(request: HttpRequest) -> HttpResponse:
    burn()
    return HttpResponse("hot")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        burn()
        yield "line"

    return StreamingHttpResponse(lines())


def query() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return 1


def queries(request: HttpRequest) -> HttpResponse:
    return HttpResponse(query() + query())


def cached(request: HttpRequest) -> HttpResponse:
    return HttpResponse(cache.get_or_set("profiled", query))


def broken(request: HttpRequest) -> HttpResponse:
    return HttpResponse(1 // 0)


def staff(request: HttpRequest) -> HttpResponse:
    if not getattr(request.user, "is_staff", False):
        return redirect_to_login(request.path, "/sign-in/")
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("hot/", hot),
    path("stream/", stream),
    path("queries/", queries),
    path("cached/", cached),
    path("broken/", broken),
    path("staff/", staff),
]
