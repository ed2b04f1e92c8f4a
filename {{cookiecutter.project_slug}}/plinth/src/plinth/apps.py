from django.apps import AppConfig


class PlinthConfig(AppConfig):
    name = "plinth"

    def ready(self) -> None:
        from . import checks  # noqa: F401 (registers them)
        from .database import query_cache

        query_cache.register_tables()
