"""/sitemap.xml: the sitemaps that apps register, each cached for an hour.

An AppConfig registers one: `sitemap = "apps.shop.sitemaps.ProductSitemap"`.
"""

from django.apps import apps
from django.contrib.sitemaps import views
from django.urls import path
from django.utils.module_loading import import_string
from django.views.decorators.cache import cache_page

app_name = "sitemaps"
sitemaps = {
    app.label: import_string(app.sitemap)
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
