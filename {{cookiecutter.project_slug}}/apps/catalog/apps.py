from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    entrance = {
        "url": "catalog:home",
        "name": "Catalogue",
        "summary": "A worked example: pages that stay quick at a million rows. "
        "manage.py seed_catalog fills it.",
    }
