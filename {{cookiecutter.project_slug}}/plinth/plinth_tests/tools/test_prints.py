"""What happens goes to the log, which has levels and requests: nothing prints."""

import pytest

from .commands import found, found_here

pytestmark = pytest.mark.practice(21)

PRINTS = {
    "T201": "print(1)\n",
    "T203": "import pprint\n\npprint.pprint(1)\n",
    "G004": "import logging\n\nlogging.getLogger().info(f'{1}')\n",
    "LOG015": "import logging\n\nlogging.info('said to nobody')\n",
}


def test_what_prints_is_refused() -> None:
    assert {rule for rule, code in PRINTS.items() if rule in found(code)} == {*PRINTS}


def test_nothing_prints() -> None:
    assert not found_here("T20|G|LOG", "--ignore-noqa")
