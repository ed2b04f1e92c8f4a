"""A small API by Django Ninja: the foundation's, and operations on documents."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from ninja import ModelSchema, Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.openapi.views import openapi_json

from plinth.api import idempotency, ninja_urls
from plinth.api.ninja import Api, Page, PageQuery, Text, paginate, public, router
from plinth.api.views import DocsView, NotFoundView
from plinth_tests.models import Document
from plinth_tests.site import handler403, handler404, handler500  # noqa: F401

documents = Router()


class DocumentIn(Schema):
    name: Text
    count: int = 7


class DocumentOut(ModelSchema):
    class Meta:
        model = Document
        fields = ["name", "count"]


@documents.get("documents/", response=Page[DocumentOut], auth=None)
@public
def list_documents(request: HttpRequest, query: Query[PageQuery]) -> Any:
    return paginate(request, Document.objects.order_by("-id"), query)


@documents.post("documents/", response={201: DocumentOut})
def create_document(request: HttpRequest, data: DocumentIn) -> Any:
    return Status(201, Document.objects.create(**data.dict()))


@documents.get("fail/", auth=None)
def fail(request: HttpRequest) -> Any:
    raise RuntimeError("The trial view failed.")


@documents.post("fail/")
def fail_half(request: HttpRequest) -> Any:
    Document.objects.create(name="half")
    raise HttpError(403, "")


@documents.post("move/")
def move(request: HttpRequest) -> Any:
    name = Document.objects.create(name="a").name
    return HttpResponse(status=303, headers={"Location": f"/documents/{name}/"})


api = Api()
api.add_router("account", router)
api.add_router("", documents)

endpoints = [
    *api.urls[0],
    path("openapi.json", partial(openapi_json, api=api), name="schema"),
    path("docs/", DocsView.as_view(swagger=ninja_urls.swagger), name="docs"),
    path("<path:rest>", NotFoundView.as_view(), name="rest"),
]
urlpatterns = [path("api/v1/", include((endpoints, "api")))]
idempotency.wrap(urlpatterns)
