from django.apps import apps
from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Give every page what differs between sites: names, and where apps let visitors in.

    An app that has an home_link says so in its AppConfig: `home_link = {"url": ...,
    "name": ..., "summary": ...}`.
    """
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_DESCRIPTION": settings.SITE_DESCRIPTION,
        "HOME_LINKS": [
            app.home_link for app in apps.get_app_configs() if hasattr(app, "home_link")
        ],
        "DEBUG": settings.DEBUG,
    }
