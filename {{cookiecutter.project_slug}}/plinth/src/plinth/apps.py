from django.apps import AppConfig


class PlinthConfig(AppConfig):
    name = "plinth"

    def ready(self) -> None:
        from .database import query_cache

        query_cache.register_tables()
