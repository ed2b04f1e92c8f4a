"""/sitemap.xml: the sitemaps that apps register, each cached for an hour.

An AppConfig registers the names of its public pages, `sitemap = ["shop:home"]`, or a class:
`sitemap = "apps.shop.sitemaps.ProductSitemap"`.
"""

from collections.abc import Sequence

from django.apps import apps
from django.contrib.sitemaps import Sitemap, views
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


app_name = "sitemaps"
sitemaps = {
    app.label: sitemap(app.sitemap)
    for app in apps.get_app_configs()
    if hasattr(app, "sitemap")
}
hourly = cache_page(3600)

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
