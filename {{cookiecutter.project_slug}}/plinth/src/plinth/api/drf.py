"""Django REST framework by the rules of plinth.api: what `settings` names, and views."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.cache import add_never_cache_headers
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, permissions, serializers, views
from rest_framework.authentication import BaseAuthentication
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from plinth.cache.pages import allow_proxies

from . import pagination, problems, schema, tokens
from .middleware import CHALLENGE
from .models import Token


class Authentication(BaseAuthentication):
    """The user that ApiMiddleware has found, by a token or a session."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        inner = request._request  # noqa: SLF001
        return (inner.user, inner.api_token) if inner.user.is_authenticated else None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class AuthenticationScheme(OpenApiAuthenticationExtension):
    target_class = Authentication
    name = list(schema.SECURITY)

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return list(schema.SECURITY.values())


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return json.loads(stream.read())
        except (ValueError, RecursionError):
            raise exceptions.ParseError from None


class PublicMixin(generics.GenericAPIView):
    """A view that everybody may read: proxies cache it, and users alone may write."""

    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method == "GET" and response.status_code == 200:  # noqa: PLR2004
            allow_proxies(response)
        return response


class PageSerializer(serializers.Serializer):
    after = serializers.CharField(required=False, default="", max_length=400)
    page_size = serializers.IntegerField(
        required=False,
        default=pagination.PAGE_SIZE,
        min_value=1,
        max_value=pagination.MAX_PAGE_SIZE,
    )


class KeysetPagination(BasePagination):
    """Keyset pages, in the order of the queryset."""

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        query = validated(PageSerializer, request)
        page = pagination.paginate(request._request, queryset, **query)  # noqa: SLF001
        self.next = page["next"]
        return page["results"]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": link},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": pagination.MAX_PAGE_SIZE}
        return [
            {"name": "after", "in": "query", "schema": {"type": "string"}},
            {
                "name": "page_size",
                "in": "query",
                "schema": size | {"default": pagination.PAGE_SIZE},
            },
        ]


class InvalidQueryError(exceptions.ValidationError):
    """A validation error of the query, not of the body."""


def validated(
    serializer: type[serializers.Serializer], request: Request
) -> dict[str, Any]:
    """Return the query's parameters by a serializer; raise a problem if one is invalid."""
    query = serializer(data=request.query_params)
    if not query.is_valid():
        raise InvalidQueryError(query.errors)
    return dict(query.validated_data)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return a problem; ApiMiddleware makes one of what is no error of the framework."""
    response = views.exception_handler(error, context)
    if response is None:
        return None
    members: dict[str, Any] = {}
    if isinstance(error, exceptions.ValidationError):
        is_query = isinstance(error, InvalidQueryError)
        members["errors"] = [
            {"detail": detail, "parameter": path} if is_query else
            {"detail": detail, "pointer": f"#/{path}"}
            for path, detail in flat(error.detail)
        ]
    elif response.status_code not in problems.DETAILS or isinstance(
        error, exceptions.PermissionDenied | exceptions.ParseError
    ):
        members["detail"] = error.detail if isinstance(error, exceptions.APIException) else ""
    response.data = problems.body(response.status_code, **members)
    response.content_type = problems.CONTENT_TYPE
    return response


def flat(errors: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each error."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from flat(inner, path if name == "non_field_errors" else (*path, str(name)))
    elif isinstance(errors, list):
        for number, inner in enumerate(errors):
            nested = isinstance(inner, dict | list)
            yield from flat(inner, (*path, str(number)) if nested else path)
    else:
        yield "/".join(path), str(errors)


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    return schema.complete(result)


class HasSession(permissions.IsAuthenticated):
    message = tokens.NEEDS_SESSION

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and request.auth is None


class TokenSerializer(serializers.ModelSerializer):
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
    """The user's tokens. The key of a new one is in this response only."""

    serializer_class = TokenSerializer

    def get_queryset(self) -> QuerySet[Token]:
        return tokens.of_user(self.request.user.pk)

    def get_permissions(self) -> list[Any]:
        return [HasSession()] if self.request.method == "POST" else super().get_permissions()

    @extend_schema(request=TokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Create a token, in a session."""
        data = TokenSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        token, key = tokens.create(request.user, **data.validated_data)
        token.key = key  # type: ignore[attr-defined]
        response = Response(NewTokenSerializer(token).data, status=201)
        add_never_cache_headers(response)
        return response


class TokenView(generics.DestroyAPIView):
    """Revokes a token."""

    serializer_class = TokenSerializer

    def get_queryset(self) -> QuerySet[Token]:
        return tokens.of_user(self.request.user.pk)


class ProfileView(generics.RetrieveUpdateAPIView):
    """The user's own profile: name a serializer of its fields."""

    http_method_names = ["get", "patch", "head"]

    def get_object(self) -> Any:
        return self.request.user
