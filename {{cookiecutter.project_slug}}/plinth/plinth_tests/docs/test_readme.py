"""plinth/README.md: its imports work, and its order of packages is the contract's."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

FOUNDATION = Path(__file__).resolve().parents[2]
README = (FOUNDATION / "README.md").read_text()
IMPORTS = sorted(set(re.findall(r"from plinth[\w.]* import [\w, ]+", README)))


def test_the_table_has_imports() -> None:
    assert len(IMPORTS) > 30


@pytest.mark.parametrize("statement", IMPORTS)
def test_an_import_of_the_table_works(statement: str) -> None:
    try:
        exec(statement, {})  # noqa: S102 (the foundation's own page)
    except ModuleNotFoundError as error:
        # By its name: a module of the foundation is there whatever is installed.
        if str(error.name).startswith("plinth"):
            raise
        pytest.skip(f"needs an extra: {error}")
    except RuntimeError as error:
        if "INSTALLED_APPS" not in str(error):
            raise
        pytest.skip("needs its app in INSTALLED_APPS")


def test_the_order_is_that_of_the_import_contract() -> None:
    """`plinth_tests/test_layers.py` checks the contract."""
    contract = ConfigParser()
    contract.read(FOUNDATION / ".importlinter")
    layers = contract["importlinter:contract:layers"]["layers"].split("\n")
    rows = README.partition("## Import order")[2].splitlines()

    assert [re.findall(r"\w+", layer) for layer in layers if layer] == [
        re.findall(r"`(\w+)`", row) for row in rows if row.startswith("| `")
    ]
