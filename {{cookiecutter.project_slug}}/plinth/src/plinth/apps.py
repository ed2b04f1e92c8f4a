from django.apps import AppConfig


class PlinthConfig(AppConfig):
    name = "plinth"

    def ready(self) -> None:
        from . import checks  # noqa: F401 (registers them)
        from .database import query_cache
        from .http import checks as http_checks  # noqa: F401

        query_cache.register_tables()
