"""Keyset pages of the API: `after` is the cursor, `page_size` the number of rows."""

from typing import Any, TypedDict

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from plinth.database import keyset

from .problems import Problem

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class Page[M: Model](TypedDict):
    results: list[M]
    # The URL of the next page; None on the last.
    next: str | None


def paginate[M: Model](
    request: HttpRequest, queryset: QuerySet[M], after: str, page_size: int
) -> Page[M]:
    """Return a page of a queryset, which is ordered as `plinth.database.keyset` needs."""
    try:
        page = keyset.paginate(queryset, page_size, after)
    except keyset.InvalidCursorError:
        detail = "There is no such page."
        errors = [{"detail": detail, "parameter": "after"}]
        raise Problem(400, detail, errors=errors) from None
    if not page.next:
        return {"results": page.rows, "next": None}
    query: Any = request.GET.copy()
    query["after"] = page.next
    url = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return {"results": page.rows, "next": url}
