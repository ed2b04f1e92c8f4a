"""/sitemap.xml: the sitemaps that apps register, each cached for an hour.

An AppConfig registers the names of its public pages, `sitemap = ["shop:home"]`, or a class:
`sitemap = "apps.shop.sitemaps.ProductSitemap"`.
"""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.sitemaps import Sitemap, views
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.module_loading import import_string
from django.views.decorators.cache import cache_page


class PageSitemap(Sitemap):
    """Pages without arguments, by their names."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def items(self) -> Sequence[str]:
        return self.names

    def location(self, item: str) -> str:
        return reverse(item)


def sitemap(registered: Sequence[str] | str) -> Sitemap | type[Sitemap]:
    if isinstance(registered, str):
        return import_string(registered)  # type: ignore[no-any-return]
    return PageSitemap(registered)


def hourly(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Cache each page of a sitemap once: an invented query would fill the cache."""
    cached = cache_page(3600)(view)

    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not re.fullmatch(r"(p=[1-9]\d{0,5})?", request.META["QUERY_STRING"]):
            return HttpResponseRedirect(request.path)
        return cached(request, **kwargs)

    return wrapper


app_name = "sitemaps"
sitemaps = {
    app.label: sitemap(app.sitemap)
    for app in apps.get_app_configs()
    if hasattr(app, "sitemap")
}

urlpatterns = [
    path(
        "sitemap.xml",
        hourly(views.index),
        {"sitemaps": sitemaps, "sitemap_url_name": "sitemaps:section"},
        name="index",
    ),
    path(
        "sitemap-<section>.xml",
        hourly(views.sitemap),
        {"sitemaps": sitemaps},
        name="section",
    ),
]
