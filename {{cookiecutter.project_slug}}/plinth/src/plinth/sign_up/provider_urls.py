"""Addresses of social providers, for the project's URLs, outside of languages."""

from allauth import app_settings
from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
if app_settings.SOCIALACCOUNT_ENABLED:
    from allauth.urls import build_provider_urlpatterns

    urlpatterns += build_provider_urlpatterns()
