"""Views of documents by Django REST framework, as an app of a project has them."""

from django.contrib.auth import get_user_model
from django.urls import path
from rest_framework import exceptions, generics, serializers
from rest_framework.decorators import api_view
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plinth.api import drf_views
from plinth_tests.models import Document


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

    def post(self, request: Request) -> Response:
        Document.objects.create(name="half")
        raise exceptions.PermissionDenied


class MoveView(APIView):
    def post(self, request: Request) -> Response:
        name = Document.objects.create(name="a").name
        return Response(status=303, headers={"Location": f"/documents/{name}/"})


class ProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = get_user_model()
        fields = ["name"]


class ProfileView(drf_views.ProfileView):
    serializer_class = ProfileSerializer


@api_view(["GET"])
def function(request: Request) -> Response:
    return Response({})


urlpatterns = [
    path("documents/", DocumentListView.as_view(), name="documents"),
    path("profile/", ProfileView.as_view(), name="profile"),
    path("fail/", FailView.as_view(), name="fail"),
    path("move/", MoveView.as_view(), name="move"),
    path("function/", function, name="function"),
]
