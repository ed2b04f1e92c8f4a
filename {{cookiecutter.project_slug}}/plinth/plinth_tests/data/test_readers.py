import inspect
from collections.abc import Iterator
from io import BytesIO
from itertools import islice

import pytest

from plinth.data.formulas import escape_csv_formula, unescape_csv_formula
from plinth.data.readers import (
    Columns,
    Row,
    UnreadableFileError,
    read_csv,
    read_json_lines,
    reader_for,
)
from plinth.data.writers import stream_csv

COLUMNS = Columns(required=("sku", "name"), optional=("note",), ignored=("rank",))


def csv(text: bytes) -> list[Row]:
    return list(read_csv(BytesIO(text), COLUMNS))


def json(text: bytes) -> list[Row]:
    return list(read_json_lines(BytesIO(text), COLUMNS))


def test_rows_have_their_lines_and_values() -> None:
    assert csv(b'sku,name\nA,"two\nlines"\n\n,,\nB,Lamp\n') == [
        Row(2, {"sku": "A", "name": "two\nlines"}),
        Row(5, {}, "has 3 values for 2 columns"),
        Row(6, {"sku": "B", "name": "Lamp"}),
    ]


@pytest.mark.parametrize(
    "file",
    [
        b"\xef\xbb\xbfsku,name\r\nA,Lamp\r\n",
        b"sku;name\nA;Lamp\n",
        b"sku\tname\nA\tLamp\n",
        b"name,rank,sku\nLamp,3,A\n",
        b"sku,name\n,\nA,Lamp\n , \n",
    ],
    ids=["byte order mark", "semicolons", "tabs", "ignored column", "blank rows"],
)
def test_csv_of_spreadsheets_is_read(file: bytes) -> None:
    assert [row.values for row in csv(file)] == [{"sku": "A", "name": "Lamp"}]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (b"A", "has 1 values for 2 columns"),
        (b'A,"Lamp" x', "expected after"),
        (b'"A "b"",Lamp', "expected after"),
    ],
)
def test_invalid_csv_row_is_an_error_and_the_next_one_is_read(
    row: bytes, error: str
) -> None:
    first, invalid, last = csv(b"sku,name\nB,Lamp\n" + row + b"\nC,Lamp\n")

    assert (invalid.line, invalid.values) == (3, {})
    assert error in invalid.error
    assert (first.values["sku"], last.values["sku"]) == ("B", "C")


@pytest.mark.parametrize(
    ("file", "line", "error"),
    [
        (b"", 1, "must name sku, name, and may name note"),
        (b"\x00\x01", 1, "must name"),
        (b"sku,name,colour\n", 1, "must name"),
        (b"sku,sku,name\n", 1, "must name"),
        (b'"sku', 1, "unexpected end"),
        ("sku,name".encode("utf-16"), 1, 'save the file as "CSV UTF-8"'),
        (b"sku,name\nA,Lamp\n" + b"x" * 100_000, 3, "is longer than 65536 bytes"),
        (b'sku,name\nA,Lamp\nB,"Lamp\nC,Lamp\n', 3, "a quote that is not closed"),
        (b'sku,name\nA,Lamp\nB,"' + b"x\n" * 90_000, 3, "a quote that is not closed"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_unreadable_csv_is_read_up_to_the_line_of_the_error(
    file: bytes, line: int, error: str
) -> None:
    rows = read_csv(BytesIO(file), COLUMNS)

    assert len(list(islice(rows, max(0, line - 2)))) == max(0, line - 2)
    with pytest.raises(UnreadableFileError, match=error) as raised:
        next(rows)
    assert raised.value.line == line


def test_invalid_utf8_becomes_surrogates() -> None:
    (row,) = csv(b"sku,name\nA,L\xe4mp\n")

    assert row.values["name"] == "L\udce4mp"


def test_json_numbers_keep_their_text() -> None:
    rows = json(b'{"sku": 12.50, "name": "L\\u00e4mp"}\n\n{"sku": 1, "name": "x"}')

    assert [row.values for row in rows] == [
        {"sku": "12.50", "name": "Lämp"},
        {"sku": "1", "name": "x"},
    ]
    assert [row.line for row in rows] == [1, 3]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[" * 60_000,
        b"[]",
        b"1",
        b'{"sku": "A"}',
        b'{"sku": "A", "name": null}',
        b'{"sku": "A", "name": ["L"]}',
        b'{"sku": "A", "name": "L", "colour": "red"}',
    ],
    ids=lambda line: line[:40].decode(),
)
def test_invalid_json_line_is_an_error(line: bytes) -> None:
    invalid, valid = json(line + b'\n{"sku": "A", "name": "L"}')

    assert invalid.error
    assert not valid.error


def test_reader_is_chosen_by_the_suffix() -> None:
    assert reader_for("a.CSV") is read_csv
    assert reader_for("a.jsonl") is read_json_lines
    assert reader_for("a.xls") is None


FORMULAS = ["=1+1", "+1", "-10% desk", "@home", "\t=1", "\r=1", "\n=1", "＝1", "＋1"]


@pytest.mark.parametrize("text", [*FORMULAS, "'=1", "''=1", "'quoted'", "Lamp", ""])
def test_formula_is_escaped_and_unescaped(text: str) -> None:
    escaped = escape_csv_formula(text)

    assert not escaped.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert unescape_csv_formula(escaped) == text


def test_numbers_are_not_escaped() -> None:
    assert escape_csv_formula(-1) == -1


def test_own_export_is_imported_unchanged() -> None:
    rows = [("-X", "'=1", "two\nlines"), ("B", '"+plus"', "")]

    file = "".join(stream_csv(["sku", "name", "note"], rows)).encode()

    assert [tuple(row.values.values()) for row in csv(file)] == rows


@pytest.mark.practice(18)
def test_csv_is_written_while_rows_are_read() -> None:
    rows = iter([("A", "Lamp")] * 10_000)

    chunks = stream_csv(["sku", "name"], rows)
    assert inspect.isgenerator(chunks)
    assert next(chunks) == "sku,name\r\n"
    assert str(next(chunks)).startswith("A,Lamp")

    assert len(list(rows)) > 9_000


def test_memory_for_a_file_is_bounded_by_its_lines() -> None:
    read = 0

    class Endless(BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            nonlocal read
            read += 1
            return b"sku,name\n" if read == 1 else b"A,Lamp\n"

    rows: Iterator[Row] = read_csv(Endless(), COLUMNS)
    assert sum(1 for _ in islice(rows, 100)) == 100
    assert read <= 102
