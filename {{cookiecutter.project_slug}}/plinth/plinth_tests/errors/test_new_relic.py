"""The New Relic agent, as the servers start it. It connects at the first request."""

from pathlib import Path

import pytest

from plinth import extras
from plinth_tests.processes import EMBEDDED, evaluate

pytestmark = [
    pytest.mark.practice(51),
    pytest.mark.skipif(
        not extras.is_installed("newrelic"),
        reason="the extra newrelic is not installed",
    ),
]


def test_agent_has_its_key_and_leaves_pages_and_parameters_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "license").write_text("0" * 40)

    started = evaluate(
        "from plinth.errors import new_relic\n"
        "new_relic.start('My Site')\n"
        "from newrelic import agent\n"
        "found = agent.global_settings()\n"
        "result = [found.license_key, found.app_name, bool(found.capture_params),"
        " found.browser_monitoring.auto_instrument]",
        **EMBEDDED,
        NEW_RELIC_LICENSE_KEY_FILE=str(tmp_path / "license"),
    )

    assert started == ["0" * 40, "My Site", False, False]


def test_agent_stays_off_without_a_key() -> None:
    assert (
        evaluate(
            "import sys\n"
            "from plinth.errors import new_relic\n"
            "new_relic.start('My Site')\n"
            "result = 'newrelic' in sys.modules",
            **EMBEDDED,
        )
        is False
    )
