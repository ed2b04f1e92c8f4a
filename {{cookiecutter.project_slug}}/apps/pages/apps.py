from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "apps.pages"
    sitemap = ["pages:home"]
    # Files that apply a practice, by its number in plinth/PRACTICES.md.
    practices = {44: ("apps/pages/views.py",), 68: ("apps/pages/urls.py",)}
