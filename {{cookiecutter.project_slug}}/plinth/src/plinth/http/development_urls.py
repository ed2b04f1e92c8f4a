"""Pages of the development tools that the settings install; none in production."""

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []

if apps.is_installed("plinth.mail.inbox"):
    urlpatterns += [path("inbox/", include("plinth.mail.inbox.urls"))]
if apps.is_installed("silk"):
    urlpatterns += [path("silk/", include("plinth.profiling.silk_urls"))]
if apps.is_installed("debug_toolbar"):
    urlpatterns += [path("__debug__/", include("debug_toolbar.urls"))]
if apps.is_installed("django_browser_reload"):
    urlpatterns += [path("__reload__/", include("django_browser_reload.urls"))]
