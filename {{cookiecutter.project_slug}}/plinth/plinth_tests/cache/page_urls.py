"""Cached pages that count how often they are made, beside those of the small site."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages import info
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csp import get_nonce
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.deprecation import MiddlewareMixin
from django.views.generic import View

from plinth.cache.pages import (
    AnonymousPageMixin,
    ConditionalPageMixin,
    PrivatePageMixin,
    PublicPageMixin,
)
from plinth_tests import site
from plinth_tests.site import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]

made = count(1)
modified = {"page": datetime(2026, 1, 1, tzinfo=UTC)}


class NumberedPage(View):
    cache_name = "pages"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(f"page {next(made)}")


class PublicPage(PublicPageMixin, NumberedPage):
    pass


class AnonymousPage(AnonymousPageMixin, NumberedPage):
    pass


class CookieMiddleware(MiddlewareMixin):
    """Sets a cookie that the view does not know."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "cookie" in request.GET:
            response.set_cookie("cart", "1")
        return response


class ClientPage(PublicPageMixin, NumberedPage):
    """A page that depends on its client, though it is declared public."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match next(iter(request.GET)):
            case "token":
                get_token(request)
            case "session":
                request.session.get("basket")
            case "message":
                info(request, "Saved.")
            case "nonce":
                str(get_nonce(request))
        return super().get(request, *args, **kwargs)


class PrivatePage(LoginRequiredMixin, PrivatePageMixin, NumberedPage):
    def get_cache_name(self) -> str:
        return f"pages-{self.request.user.pk}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        get_token(request)
        return super().get(request, *args, **kwargs)


class ConditionalPage(ConditionalPageMixin, NumberedPage):
    def get_last_modified(self) -> datetime:
        if not modified:
            raise Http404
        return modified["page"]


urlpatterns = [
    path("public/", login_not_required(PublicPage.as_view())),
    path("anonymous/", login_not_required(AnonymousPage.as_view())),
    path("client/", login_not_required(ClientPage.as_view())),
    path("private/", login_not_required(PrivatePage.as_view())),
    path("conditional/", login_not_required(ConditionalPage.as_view())),
    *site.urlpatterns,
]
