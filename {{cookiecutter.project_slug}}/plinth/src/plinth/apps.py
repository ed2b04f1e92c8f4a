from django.apps import AppConfig


class PlinthConfig(AppConfig):
    name = "plinth"

    def ready(self) -> None:
        from .database import query_cache
        from .server import memory  # noqa: F401 (registers a system check)

        query_cache.register_tables()
