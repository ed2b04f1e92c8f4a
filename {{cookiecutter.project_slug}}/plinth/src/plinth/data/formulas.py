"""Protection against CSV injection: spreadsheets run a cell that starts like a formula."""

import re
from typing import Any

# What spreadsheets take for a formula, full-width characters included, or skip before
# one. Quotes before it are counted, so that escaping can be undone.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def escape_csv_formula(value: Any) -> Any:
    """Put a quote before a text that a spreadsheet could run; return others unchanged."""
    if isinstance(value, str) and FORMULA.match(value):
        return f"'{value}"
    return value


def unescape_csv_formula(value: str) -> str:
    """Undo `escape_csv_formula`."""
    return value[1:] if ESCAPED.match(value) else value
