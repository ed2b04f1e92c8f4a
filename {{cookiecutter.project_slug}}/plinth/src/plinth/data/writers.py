"""Streaming CSV export, in constant memory."""

import csv
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

from .formulas import escape_csv_formula


class Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def stream_csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a CSV file in chunks of 500 rows, the header before a row is read.

    For StreamingHttpResponse. Text that a spreadsheet could run is escaped.
    """
    writer = csv.writer(Echo())
    yield writer.writerow(header)
    for batch in batched(rows, 500, strict=False):
        yield "".join(writer.writerow(map(escape_csv_formula, row)) for row in batch)
