from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "apps.pages"
    # Where it shows which of the 73 practices: `make practices`.
    practices = {44: ("apps/pages/views.py",), 68: ("apps/pages/urls.py",)}
