"""Django REST framework by the rules of plinth.api: what `settings` names.

Without an import of its views, which read these settings.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from . import pagination, problems, schema
from .middleware import CHALLENGE


class Authentication(BaseAuthentication):
    """The user that ApiMiddleware has found, by a token or a session."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        inner: Any = request._request  # noqa: SLF001
        return (inner.user, inner.api_token) if inner.user.is_authenticated else None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            data = json.loads(stream.read().decode())
            # Half of a surrogate pair, of which no response could be made.
            json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise exceptions.ParseError from None
        return data


class BodyMixin(serializers.Serializer):
    # The body of a request: fields that are unknown or read-only are refused. A comment,
    # since a docstring is the description of every subclass in the schema.

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {field.field_name for field in self._writable_fields}
            if refused := [name for name in data if name not in writable]:
                message = "This field is unknown, or read-only."
                raise serializers.ValidationError({name: [message] for name in refused})
        return super().to_internal_value(data)


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


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return a problem; ApiMiddleware makes one of what is no error of the framework."""
    from rest_framework.views import exception_handler as default

    response = default(error, context)
    if response is None:
        return None
    members: dict[str, Any] = {}
    if isinstance(error, exceptions.ValidationError):
        is_query = isinstance(error, InvalidQueryError)
        members["errors"] = [
            {"detail": detail, "parameter": "/".join(path)}
            if is_query
            else {"detail": detail, "pointer": problems.pointer(path)}
            for path, detail in flat(error.detail)
        ]
    elif isinstance(error, exceptions.APIException):
        members["detail"] = str(error.detail)
    response.data = problems.body(response.status_code, **members)
    response.content_type = problems.CONTENT_TYPE
    return response


def flat(
    errors: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and the text of each error."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from flat(
                inner, path if name == "non_field_errors" else (*path, str(name))
            )
    elif isinstance(errors, list):
        for number, inner in enumerate(errors):
            nested = isinstance(inner, dict | list)
            yield from flat(inner, (*path, str(number)) if nested else path)
    else:
        yield path, str(errors)


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    return schema.complete(result)
