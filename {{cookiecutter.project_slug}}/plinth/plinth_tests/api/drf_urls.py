"""A small API by Django REST framework: the foundation's, and views of documents."""

from django.urls import include, path

from plinth.api import drf_urls, idempotency
from plinth.api.views import DocsView, NotFoundView
from plinth_tests.site import handler403, handler404, handler500  # noqa: F401

endpoints = [
    *drf_urls.urlpatterns,
    path("", include("plinth_tests.api.drf_documents")),
    path("docs/", DocsView.as_view(swagger=drf_urls.swagger), name="docs"),
    path("<path:rest>", NotFoundView.as_view(), name="rest"),
]
urlpatterns = [path("api/v1/", include((endpoints, "api")))]
idempotency.wrap(urlpatterns)
