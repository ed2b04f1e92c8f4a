"""Views of Django REST framework: mixins for an app's own, tokens, the profile."""

from typing import Any

from django.db.models import QuerySet
from django.utils.cache import add_never_cache_headers
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plinth.cache.pages import allow_proxies

from . import schema, tokens
from .drf import Authentication, BodyMixin
from .models import Token


class AuthenticationScheme(OpenApiAuthenticationExtension):
    target_class = Authentication
    name = list(schema.SECURITY)

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return list(schema.SECURITY.values())


# Comments, since a docstring is the description of every subclass in the schema.


class PublicMixin(generics.GenericAPIView):
    # Everybody may read, and proxies may cache what they read; users alone may write.

    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method == "GET" and response.status_code == 200:  # noqa: PLR2004
            allow_proxies(response)
        return response


class TokenSerializer(BodyMixin, serializers.ModelSerializer):
    days = serializers.IntegerField(
        write_only=True,
        default=tokens.DEFAULT_DAYS,
        min_value=1,
        max_value=tokens.MAX_DAYS,
    )

    class Meta:
        model = Token
        fields = ["id", "name", "created", "expires", "days"]
        read_only_fields = ["expires"]


class NewTokenSerializer(TokenSerializer):
    key = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "key"]


class TokenListView(generics.ListAPIView):
    """The user's tokens; only the response that creates one has its key."""

    serializer_class = TokenSerializer

    def get_queryset(self) -> QuerySet[Token]:
        return tokens.of_user(self.request.user.pk)

    @extend_schema(request=TokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Create a token, in a session; only this response has its key."""
        tokens.check_session(request)
        data = TokenSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        token, key = tokens.create(request.user, **data.validated_data)
        token.key = key  # type: ignore[attr-defined]
        response = Response(NewTokenSerializer(token).data, status=201)
        add_never_cache_headers(response)
        return response


class TokenView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a token, in a session or with the token itself."""
        tokens.revoke(request, pk)
        return Response(status=204)


class ProfileView(generics.RetrieveUpdateAPIView):
    """The user's own profile."""

    http_method_names = ["get", "patch", "head"]

    def get_object(self) -> Any:
        return self.request.user

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        # These columns alone: an account that is deactivated meanwhile stays so.
        for name, value in serializer.validated_data.items():
            setattr(self.request.user, name, value)
        self.request.user.save(update_fields=[*serializer.validated_data])
