"""Errors of the API as RFC 9457 problem details: application/problem+json."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, JsonResponse

CONTENT_TYPE = "application/problem+json"
# For developers, in English as the rest of the documentation.
DETAILS = {
    400: "The server does not understand this request.",
    401: "Sign in, or send a valid token as Authorization: Bearer TOKEN.",
    403: "You do not have the permission for this.",
    404: "There is no such resource.",
    405: "The resource does not allow this method.",
    413: "The body is too large.",
    415: "Send JSON in UTF-8, as Content-Type: application/json.",
    429: "Too many requests. Try again later.",
    500: "The error has been recorded. Please try again in a moment.",
}


class Problem(Exception):  # noqa: N818 (RFC 9457's word)
    """An error of a client, which any view of the API may raise.

    `errors` are objects with `detail`, and `pointer` (into the body) or `parameter`.
    """

    def __init__(self, status: int, detail: str = "", **members: Any) -> None:
        super().__init__(detail)
        self.status, self.members = status, {"detail": detail, **members}

    @property
    def response(self) -> HttpResponse:
        return respond(self.status, **self.members)


def pointer(path: Iterable[str]) -> str:
    """Return the JSON pointer (RFC 6901) of a place in a body; "#" is all of it."""
    names = (name.replace("~", "~0").replace("/", "~1") for name in path)
    return "".join(["#", *(f"/{name}" for name in names)])


def body(status: int, detail: str = "", **members: Any) -> dict[str, Any]:
    """Return the members of a problem, whose type is its status."""
    title = HTTPStatus(status).phrase
    detail = detail or DETAILS.get(status, title)
    problem = {"type": "about:blank", "title": title, "status": status}
    return problem | {"detail": detail, **members}


def respond(
    status: int,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> HttpResponse:
    return JsonResponse(
        body(status, detail, **members),
        status=status,
        headers=headers,
        content_type=CONTENT_TYPE,
    )
