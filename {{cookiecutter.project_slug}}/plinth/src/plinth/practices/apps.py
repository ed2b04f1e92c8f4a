from django.apps import AppConfig


class PracticesConfig(AppConfig):
    name = "plinth.practices"

    def ready(self) -> None:
        from . import checks  # noqa: F401 (registers them)
