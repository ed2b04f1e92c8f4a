from django.apps import AppConfig, apps


class ApiConfig(AppConfig):
    name = "plinth.api"
    personal_data = "plinth.api.tokens.personal_data"

    def ready(self) -> None:
        # Beside Swagger UI, and as large: collectstatic would compress it at each release.
        files = apps.get_app_config("staticfiles")
        files.ignore_patterns = [*files.ignore_patterns, "redoc*"]  # type: ignore[attr-defined]
