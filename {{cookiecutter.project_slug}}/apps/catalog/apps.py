from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    home_link = {
        "url": "catalog:home",
        "name": "Catalogue",
        "summary": "A worked example: pages that stay fast at a million rows. "
        "manage.py seed_catalog fills it.",
    }
    # Read often and written rarely: django-cachalot caches its queries.
    cached_tables = ["catalog_category"]
    benchmarks = "apps.catalog.benchmarks.cases"
