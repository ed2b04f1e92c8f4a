"""Readers for CSV and JSON Lines files from untrusted sources, in constant memory.

Each row comes with its line number and either its values or an error, so that an import
can report bad rows and go on.
"""

import csv
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext as _

from .formulas import unescape_csv_formula

# Bytes: bounds the memory for a line.
MAX_LINE_BYTES = 65_536
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t"
# What the csv module says once it has read to the end, or 131,072 characters.
UNCLOSED = ("unexpected end of data", "field larger than field limit")


class UnreadableFileError(ValueError):
    """The file can't be read from this line on."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Row(NamedTuple):
    """The line where a row starts, its values by column, and why it can't be read."""

    line: int
    values: dict[str, str]
    error: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of a file; ignored ones may be there and are dropped."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def find_error(self, names: Iterable[str]) -> str:
        """Return why these are not the columns; an empty string if they are."""
        names = list(names)
        known = {*self.required, *self.optional, *self.ignored}
        if len(set(names)) == len(names) and {*self.required} <= {*names} <= known:
            return ""
        required, optional = ", ".join(self.required), ", ".join(self.optional)
        if optional:
            text = _("must name {required}, and may name {optional}")
            return text.format(required=required, optional=optional)
        return _("must name {required}").format(required=required)

    def select(self, values: dict[str, str]) -> dict[str, str]:
        return {name: values[name] for name in values if name not in self.ignored}


type Reader = Callable[[BinaryIO, Columns], Iterator[Row]]


def read_csv(file: BinaryIO, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a CSV file in UTF-8 whose first line names the columns.

    Values are separated by commas, semicolons or tabs, as the first line is. Raises
    UnreadableFileError for a wrong header, and where a quote is not closed.
    """
    lines = decoded_lines(file)
    header = next(lines, "")
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(
        itertools.chain([header], lines), delimiter=delimiter, strict=True
    )
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise UnreadableFileError(1, str(error)) from error
    if message := columns.find_error(names):
        raise UnreadableFileError(1, message)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if str(error).startswith(UNCLOSED):
                message = _("opens a quote that is not closed")
                raise UnreadableFileError(line, message) from error
            yield Row(line, {}, str(error))
            continue
        if len(values) == len(names):
            if any(value.strip() for value in values):
                cells = map(unescape_csv_formula, values)
                yield Row(line, columns.select(dict(zip(names, cells, strict=True))))
        elif values:  # a blank line has none
            message = _("has {values} values for {columns} columns").format(
                values=len(values), columns=len(names)
            )
            yield Row(line, {}, message)


def read_json_lines(file: BinaryIO, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a file with one JSON object on each line."""
    for number, line in enumerate(decoded_lines(file), start=1):
        if not line.strip():
            continue
        try:
            # Numbers stay as they are written: a price must not become a float.
            values = json.loads(
                line, parse_int=str, parse_float=str, parse_constant=str
            )
        except (ValueError, RecursionError):
            yield Row(number, {}, _("is not JSON"))
            continue
        if not isinstance(values, dict):
            yield Row(number, {}, _("is not an object"))
        elif message := columns.find_error(values):
            yield Row(number, {}, message)
        elif not all(isinstance(value, str) for value in values.values()):
            yield Row(number, {}, _("has a value that is neither text nor number"))
        else:
            yield Row(number, columns.select(values))


# By a file name's suffix, in lower case.
READERS: dict[str, Reader] = {".csv": read_csv, ".jsonl": read_json_lines}


def reader_for(name: str) -> Reader | None:
    """Return the reader for a file name; None for a suffix that is not in READERS."""
    return READERS.get(PurePath(name).suffix.lower())


def decoded_lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines of a UTF-8 file; invalid bytes become lone surrogates.

    Raises UnreadableFileError at a line of more than MAX_LINE_BYTES, and for UTF-16.
    """
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1 and line.startswith(UTF_16):
            message = _('is UTF-16: save the file as "CSV UTF-8"')
            raise UnreadableFileError(1, message)
        if len(line) > MAX_LINE_BYTES:
            message = _("is longer than {max} bytes").format(max=MAX_LINE_BYTES)
            raise UnreadableFileError(number, message)
        # Excel starts a file with a byte order mark.
        encoding = "utf-8-sig" if number == 1 else "utf-8"
        yield line.decode(encoding, "surrogateescape")
