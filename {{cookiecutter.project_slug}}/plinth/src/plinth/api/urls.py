"""URLs of the API, by the framework in INSTALLED_APPS.

An app of the project adds its own: `urlpatterns` in its `api/urls.py` with Django REST
framework, a `router` in its `api/router.py` with Django Ninja.
"""

from django.apps import apps
from django.urls import URLPattern, URLResolver, path, re_path

from .views import DocsView, NotFoundView

app_name = "api"
endpoints: list[URLPattern | URLResolver] = []

if apps.is_installed("rest_framework"):
    from .drf_urls import swagger, urlpatterns as endpoints
else:
    from .ninja_urls import swagger, urlpatterns as endpoints

urlpatterns = [
    path("docs/", DocsView.as_view(swagger=swagger), name="docs"),
    *endpoints,
    re_path("", NotFoundView.as_view()),
]
