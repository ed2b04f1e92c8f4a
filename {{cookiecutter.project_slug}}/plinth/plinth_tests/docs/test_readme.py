"""plinth/README.md: its imports work, and its order of packages holds."""

import re
from pathlib import Path

import pytest

FOUNDATION = Path(__file__).resolve().parents[2]
README = (FOUNDATION / "README.md").read_text()
IMPORTS = sorted(set(re.findall(r"from plinth[\w.]* import [\w, ]+", README)))


# The row of each package; those of a smaller number import from those of a larger one.
ROWS = {
    name: number
    for number, row in enumerate(README.partition("## Import order")[2].splitlines())
    if row.startswith("| `")
    for name in re.findall(r"`(\w+)`", row)
}


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


def test_the_order_names_every_package() -> None:
    source = FOUNDATION / "src/plinth"
    modules = {
        path.stem
        for path in source.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert ROWS.keys() == modules - {"__init__", "apps"}


def test_a_package_imports_from_the_rows_below_only() -> None:
    grimp = pytest.importorskip("grimp", reason="grimp is in the extra lint")
    graph = grimp.build_graph("plinth", cache_dir=None)

    upwards = [
        f"{importer} imports {imported}"
        for importer, row in ROWS.items()
        for imported, other in ROWS.items()
        if importer != imported
        and other <= row
        and graph.find_shortest_chains(
            f"plinth.{importer}", f"plinth.{imported}", as_packages=True
        )
    ]
    assert upwards == []
