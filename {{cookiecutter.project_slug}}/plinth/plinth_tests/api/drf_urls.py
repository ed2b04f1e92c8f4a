"""A small API by Django REST framework: the foundation's, and views of documents."""

from django.urls import include, path
from rest_framework import generics, serializers
from rest_framework.decorators import api_view
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plinth.api import drf_urls, drf_views
from plinth.api.views import DocsView, NotFoundView
from plinth_tests.models import Document
from plinth_tests.site import handler403, handler404, handler500  # noqa: F401


class DocumentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Document
        fields = ["name", "count"]


class DocumentListView(drf_views.PublicMixin, generics.ListCreateAPIView):
    queryset = Document.objects.order_by("-id")
    serializer_class = DocumentSerializer


class FailView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        raise RuntimeError("The trial view failed.")


@api_view(["GET"])
def function(request: Request) -> Response:
    return Response({})


endpoints = [
    *drf_urls.urlpatterns,
    path("documents/", DocumentListView.as_view(), name="documents"),
    path("fail/", FailView.as_view(), name="fail"),
    path("docs/", DocsView.as_view(swagger=drf_urls.swagger), name="docs"),
    path("function/", function, name="function"),
    path("<path:rest>", NotFoundView.as_view(), name="rest"),
]
urlpatterns = [path("api/v1/", include((endpoints, "api")))]
