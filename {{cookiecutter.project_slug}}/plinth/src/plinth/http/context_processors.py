from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

from .languages import links


def site(request: HttpRequest) -> dict[str, object]:
    """The site's names, the links of apps, and those of the page in other languages.

    An AppConfig registers one: `home_link = {"url": ..., "name": ..., "summary": ...}`.
    """
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_DESCRIPTION": settings.SITE_DESCRIPTION,
        "HOME_LINKS": [
            app.home_link for app in apps.get_app_configs() if hasattr(app, "home_link")
        ],
        "LANGUAGE_LINKS": links(request),
        "DEBUG": settings.DEBUG,
    }
