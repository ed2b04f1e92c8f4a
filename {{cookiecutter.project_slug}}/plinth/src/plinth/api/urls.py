"""URLs of the API, by the framework in INSTALLED_APPS.

An app of the project adds its own: `urlpatterns` in its `api/urls.py` with Django REST
framework, a `router` in its `api/router.py` with Django Ninja.
"""

from django.apps import apps
from django.urls import path, re_path

from . import idempotency
from .views import DocsView, NotFoundView

app_name = "api"

if apps.is_installed("rest_framework"):
    from . import drf_urls as framework
else:
    from . import ninja_urls as framework  # type: ignore[no-redef]

urlpatterns = [
    path("docs/", DocsView.as_view(swagger=framework.swagger), name="docs"),
    *framework.urlpatterns,
    re_path("", NotFoundView.as_view()),
]
idempotency.wrap(urlpatterns)
