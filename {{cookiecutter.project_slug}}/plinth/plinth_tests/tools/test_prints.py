"""Ruff finds prints and log messages that bypass levels and loggers."""

import pytest

from .commands import found

pytestmark = pytest.mark.practice(21)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("T201", "print(1)\n"),
        ("T203", "import pprint\n\npprint.pprint(1)\n"),
        ("G004", "import logging\n\nlogging.getLogger(__name__).info(f'{1}')\n"),
        ("LOG015", "import logging\n\nlogging.info('to the root logger')\n"),
    ],
)
def test_print_is_an_error(rule: str, code: str) -> None:
    assert rule in found(code)


def test_log_call_is_no_error() -> None:
    code = "import logging\n\nlogging.getLogger(__name__).info('%s', 1)\n"

    assert not found(code)
