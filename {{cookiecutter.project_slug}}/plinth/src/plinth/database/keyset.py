"""Keyset pagination: a page starts after a cursor, the last row of the page before.

An index leads to that row, where OFFSET reads all rows before it; no row is counted, as
one more row than a page holds tells whether there is a next page. A row that is inserted
or deleted meanwhile shifts no page.
"""

from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

SEPARATOR = "~"
MAX_CURSOR_LENGTH = 400


class InvalidCursorError(ValueError):
    """A text that is no cursor for this order."""


class Page[M: Model](NamedTuple):
    rows: list[M]
    # The cursor of the next page; an empty string on the last page.
    next: str


def paginate[M: Model](queryset: QuerySet[M], size: int, after: str = "") -> Page[M]:
    """Return the page of at most `size` rows after a cursor, in the queryset's order.

    The order consists of fields of the model that are not null, the last one unique, and
    the queryset loads them. Raises InvalidCursorError for a cursor that was made up.
    """
    columns = ordering(queryset)
    if after:
        queryset = filter_after(queryset, after)
    rows = list(queryset[: size + 1])
    if len(rows) <= size:
        return Page(rows, "")
    return Page(rows[:size], cursor(rows[size - 1], [field for field, _ in columns]))


def filter_after[M: Model](queryset: QuerySet[M], after: str) -> QuerySet[M]:
    """Return the rows that come after a cursor."""
    columns = ordering(queryset)
    values = parse(after, [field for field, _ in columns])
    condition = Q()
    # From the last column to the first, whose own condition lets an index start there.
    for (field, operator), value in reversed(list(zip(columns, values, strict=True))):
        strict = Q((f"{field.name}__{operator}", value))
        if condition:
            bound = Q((f"{field.name}__{operator}e", value))
            condition = bound & (strict | condition)
        else:
            condition = strict
    return queryset.filter(condition)


def ordering(queryset: QuerySet[Any]) -> list[tuple[Field, str]]:
    """Return the fields of a queryset's order, each with `gt` or `lt`."""
    meta = queryset.model._meta  # noqa: SLF001
    columns = []
    for name in map(str, queryset.query.order_by):
        field = (
            meta.pk if name.lstrip("-") == "pk" else meta.get_field(name.lstrip("-"))
        )
        assert isinstance(field, Field)
        if field.null:
            raise ValueError(f"{field} may be null, which has no place in an order")
        columns.append((field, "lt" if name.startswith("-") else "gt"))
    if not columns or not columns[-1][0].unique:
        raise ValueError("The last column of the order must be unique")
    return columns


def cursor(row: Model, fields: list[Field]) -> str:
    values = [quote(field.value_to_string(row), safe="") for field in fields]
    return SEPARATOR.join(value.replace(SEPARATOR, "%7E") for value in values)


def parse(text: str, fields: list[Field]) -> list[Any]:
    values = [unquote(value) for value in text[:MAX_CURSOR_LENGTH].split(SEPARATOR)]
    # PostgreSQL's text holds no NUL.
    if len(values) != len(fields) or any("\0" in value for value in values):
        raise InvalidCursorError(text)
    try:
        return [
            field.clean(value, None)
            for field, value in zip(fields, values, strict=True)
        ]
    except ValidationError as error:
        raise InvalidCursorError(text) from error
