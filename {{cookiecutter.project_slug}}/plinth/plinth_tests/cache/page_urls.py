"""Cached pages that count how often they are made, beside the project's own."""

from datetime import UTC, datetime
from importlib import import_module
from itertools import count
from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.generic import View

from plinth.cache.pages import (
    ConditionalPageMixin,
    PrivatePageMixin,
    PublicPageMixin,
)

made = count(1)
modified = {"page": datetime(2026, 1, 1, tzinfo=UTC)}


class NumberedPage(View):
    cache_name = "pages"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(f"page {next(made)}")


class PublicPage(PublicPageMixin, NumberedPage):
    pass


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
    path("public/", PublicPage.as_view(), name="public"),
    path("private/", PrivatePage.as_view(), name="private"),
    path("conditional/", ConditionalPage.as_view(), name="conditional"),
    *import_module(settings.ROOT_URLCONF).urlpatterns,
]
