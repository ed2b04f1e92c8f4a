"""Django Ninja by the rules of plinth.api: the API, schemas, pages, and tokens."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, NoReturn

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from ninja import Field, NinjaAPI, Query, Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.security.base import AuthBase
from pydantic import AfterValidator, ConfigDict

from plinth.cache.pages import allow_proxies
from plinth.database.fields import validate_time_zone

from . import pagination, problems, schema, tokens


def storable(text: str) -> str:
    """Return a text that a database can store: no NUL, no half of a surrogate pair."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("Some of the characters are not allowed.")
    return text


def time_zone(name: str) -> str:
    """Return the name of a time zone, or "" for the site's."""
    try:
        validate_time_zone(name)
    except DjangoValidationError as error:
        raise ValueError(error.messages[0]) from None
    return name


Text = Annotated[str, AfterValidator(storable)]
TimeZone = Annotated[str, AfterValidator(time_zone)]


class Body(Schema):
    """The body of a request: fields that are not named here are refused."""

    model_config = ConfigDict(extra="forbid")


class UserAuth(AuthBase):
    """The user that ApiMiddleware has found, by a token or a session."""

    openapi_type = "http"

    def __call__(self, request: HttpRequest) -> Any:
        return request.user if request.user.is_authenticated else None


class UTF8Parser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(request.body.decode())


class Api(NinjaAPI):
    """Operations are for users, unless they say `auth=None`."""

    def __init__(self) -> None:
        super().__init__(
            urls_namespace="api", openapi_url=None, auth=UserAuth(), parser=UTF8Parser()
        )
        self.add_exception_handler(HttpError, on_http_error)
        self.add_exception_handler(ValidationError, on_validation_error)
        # ApiMiddleware makes a problem of it, with DEBUG too.
        self.add_exception_handler(Exception, on_error)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **options: Any) -> Any:
        return schema.complete(super().get_openapi_schema(**options))


def on_error(request: HttpRequest, error: Exception) -> NoReturn:
    raise error


def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # Ninja's own text for it is "Unauthorized".
    detail = "" if isinstance(error, AuthenticationError) else str(error)
    return problems.respond(error.status_code, detail)


def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = []
    for each in error.errors:
        source, _, *path = map(str, each["loc"])
        place = (
            {"pointer": problems.pointer(path)}
            if source == "body"
            else {"parameter": str(each["loc"][-1])}
        )
        errors.append({"detail": each["msg"], **place})
    return problems.respond(400, errors=errors)


def public[F: Callable[..., Any]](operation: F) -> F:
    """Let proxies cache the response of an operation."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = view(request, *args, **kwargs)
            if response.status_code == 200:  # noqa: PLR2004
                allow_proxies(response)
            return response

        return wrapper

    decorated: F = decorate_view(decorate)(operation)
    return decorated


class PageQuery(Schema):
    """The query of a list: subclass it for filters."""

    after: str = Field("", max_length=400)
    page_size: int = Field(pagination.PAGE_SIZE, ge=1, le=pagination.MAX_PAGE_SIZE)


class Page[T](Schema):
    results: list[T]
    next: str | None


def paginate(
    request: HttpRequest, queryset: QuerySet[Model], query: PageQuery
) -> pagination.Page[Model]:
    return pagination.paginate(request, queryset, query.after, query.page_size)


class TokenIn(Body):
    name: Text = Field(min_length=1, max_length=100)
    days: int = Field(tokens.DEFAULT_DAYS, ge=1, le=tokens.MAX_DAYS)


class TokenOut(Schema):
    id: int
    name: str
    created: datetime
    expires: datetime


class NewTokenOut(TokenOut):
    key: str


router = Router(tags=["account"])


@router.get("tokens/", response=Page[TokenOut])
def list_tokens(request: HttpRequest, query: Query[PageQuery]) -> Any:
    """The user's tokens; only the response that creates one has its key."""
    return paginate(request, tokens.of_user(request.user.pk), query)


@router.post("tokens/", response={201: NewTokenOut})
def create_token(request: HttpRequest, data: TokenIn, response: HttpResponse) -> Any:
    """Create a token, in a session; only this response has its key."""
    tokens.check_session(request)
    token, key = tokens.create(request.user, data.name, data.days)
    token.key = key  # type: ignore[attr-defined]
    add_never_cache_headers(response)
    return Status(201, token)


@router.delete("tokens/{int:pk}/", response={204: None})
def revoke_token(request: HttpRequest, pk: int) -> Any:
    """Revoke a token, in a session or with the token itself."""
    tokens.revoke(request, pk)
    return Status(204, None)
