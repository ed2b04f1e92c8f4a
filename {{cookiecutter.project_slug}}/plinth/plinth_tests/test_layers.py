"""Import contracts of the foundation: its subpackages depend downwards only."""

import pytest

from plinth_tests.processes import PLINTH


def test_subpackages_import_from_the_layers_below_only() -> None:
    cli = pytest.importorskip("importlinter.cli", reason="the group lint")

    assert cli.lint_imports(str(PLINTH / ".importlinter"), no_cache=True) == 0
