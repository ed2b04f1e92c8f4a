"""Addresses outside of languages, for the project's URLs: social providers, mobile apps."""

from allauth import app_settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []
if app_settings.SOCIALACCOUNT_ENABLED:
    from allauth.urls import build_provider_urlpatterns

    urlpatterns += build_provider_urlpatterns()
if app_settings.HEADLESS_ENABLED:
    urlpatterns += [path("app/v1/", include("plinth.sign_up.headless"))]
