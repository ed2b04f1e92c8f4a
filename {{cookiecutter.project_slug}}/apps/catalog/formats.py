"""Files that come in and go out. Nothing here trusts a file, or holds more than a row."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import batched
from typing import Any, BinaryIO, NamedTuple

from .querysets import EXPORTED

REQUIRED = ("sku", "name", "category", "price")
OPTIONAL = ("description",)
# Bytes. What is longer is no product, and would fill the memory.
LINE_LIMIT = 65_536


class UnreadableError(ValueError):
    """From a line on, a file can't be read."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Row(NamedTuple):
    line: int
    fields: dict[str, str]
    fault: str = ""


def read_csv(file: BinaryIO) -> Iterator[Row]:
    """Yield the rows of a CSV file whose first line names the columns."""
    reader = csv.reader(lines(file), strict=True)
    try:
        columns = next(reader, [])
    except csv.Error as error:
        raise UnreadableError(1, str(error)) from error
    if fault := fault_of_names(columns):
        raise UnreadableError(1, fault)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(reader.line_num, {}, str(error))
            continue
        if len(values) == len(columns):
            yield Row(reader.line_num, dict(zip(columns, values, strict=True)))
        elif values:  # a blank line has none
            fault = f"has {len(values)} values for {len(columns)} columns"
            yield Row(reader.line_num, {}, fault)


def read_json_lines(file: BinaryIO) -> Iterator[Row]:
    """Yield the rows of a file with one JSON object on each line."""
    for number, line in enumerate(lines(file), start=1):
        if not line.strip():
            continue
        try:
            # Numbers stay as they are written: a price must not become a float.
            fields = json.loads(
                line, parse_int=str, parse_float=str, parse_constant=str
            )
        except (ValueError, RecursionError):
            yield Row(number, {}, "is not JSON")
            continue
        if not isinstance(fields, dict):
            yield Row(number, {}, "is not an object")
        elif fault := fault_of_names(list(fields)):
            yield Row(number, {}, fault)
        elif not all(isinstance(value, str) for value in fields.values()):
            yield Row(number, {}, "has a value that is neither text nor number")
        else:
            yield Row(number, fields)


type Reader = Callable[[BinaryIO], Iterator[Row]]

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".jsonl": read_json_lines,
}


def lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines of a file, decoded; what is not UTF-8 becomes lone surrogates."""
    number = 0
    while line := file.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            raise UnreadableError(number, f"is longer than {LINE_LIMIT:,} bytes")
        # Excel starts a file with a byte order mark.
        encoding = "utf-8-sig" if number == 1 else "utf-8"
        yield line.decode(encoding, "surrogateescape")


def fault_of_names(names: list[str]) -> str:
    if len(set(names)) == len(names) and set(REQUIRED) <= set(names) <= {
        *REQUIRED,
        *OPTIONAL,
    }:
        return ""
    return f"must name {', '.join(REQUIRED)}, and may name {', '.join(OPTIONAL)}"


class Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def write_csv(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Yield a CSV file in pieces of some hundred rows, the columns' names at once."""
    writer = csv.writer(Echo())
    yield writer.writerow(EXPORTED)
    for some in batched(rows, 500, strict=False):
        yield "".join(writer.writerow(map(escape_csv_formula, row)) for row in some)


def escape_csv_formula(value: Any) -> Any:
    """Keep a spreadsheet from taking somebody's text for a formula."""
    risky = isinstance(value, str) and value.startswith(
        ("=", "+", "-", "@", "\t", "\r")
    )
    return f"'{value}" if risky else value
