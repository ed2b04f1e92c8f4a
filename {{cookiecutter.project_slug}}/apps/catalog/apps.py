from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save, pre_delete
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    home_link = {
        "url": "catalog:home",
        "name": _("Catalogue"),
        "summary": _(
            "The example app: pages that stay fast at a million rows. To fill it: make seed."
        ),
    }
    sitemap = "apps.catalog.sitemaps.ProductSitemap"
    # Read often and written rarely: django-cachalot caches its queries.
    cached_tables = ["catalog_category"]
    benchmarks = "apps.catalog.benchmarks.cases"
    personal_data = "apps.catalog.querysets.personal_data"
    # Files that apply a practice, by its number in plinth/PRACTICES.md.
    practices = {
        1: ("apps/catalog/views.py", "templates/catalog/home.html"),
        2: ("apps/catalog/views.py", "templates/catalog/product.html"),
        7: ("apps/catalog/imports.py", "apps/catalog/seeds.py"),
        8: ("apps/catalog/querysets.py",),
        9: ("apps/catalog/querysets.py", "apps/catalog/admin.py"),
        10: ("apps/catalog/querysets.py",),
        11: ("apps/catalog/querysets.py",),
        12: ("apps/catalog/querysets.py",),
        13: ("apps/catalog/services.py", "apps/catalog/admin.py"),
        17: ("apps/catalog/models.py", "apps/catalog/migrations/0002_indexes.py"),
        18: ("apps/catalog/views.py",),
        55: ("apps/catalog/views.py",),
        69: ("apps/catalog/views.py",),
    }

    def ready(self) -> None:
        from . import services

        for signal in (post_save, pre_delete):
            signal.connect(services.update_modified, settings.AUTH_USER_MODEL)
