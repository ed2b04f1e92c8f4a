"""Import contract of the foundation: its subpackages depend downwards only."""

import pytest

from plinth_tests.processes import PLINTH
from plinth_tests.tools.commands import BIN, run


@pytest.mark.skipif(not (BIN / "lint-imports").exists(), reason="a group: lint")
def test_subpackages_import_from_the_layers_below_only() -> None:
    done = run("lint-imports", "--no-cache", PLINTH / ".importlinter")

    assert done.returncode == 0, done.stdout
