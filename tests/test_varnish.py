"""The rules for Varnish, by its own tool for tests."""

from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import run


@pytest.mark.services("varnish")
def test_varnish_keeps_to_its_rules(bake: Bake, tmp_path: Path) -> None:
    folder = bake() / "deploy/varnish"
    tests = sorted((folder / "tests").glob("*.vtc"))
    assert len(tests) == 4

    said = run(
        *("varnishtest", "-j", "4", "-t", "60", "-D", f"rules={folder}/rules.vcl"),
        *tests,
        cwd=tmp_path,
    )

    assert said.count(" passed ") == len(tests)


@pytest.mark.services("varnish")
def test_varnish_takes_the_configuration(bake: Bake, tmp_path: Path) -> None:
    file = bake() / "deploy/varnish/default.vcl"

    # It prints what it makes of the rules, in C.
    assert "VCL_SRC_NAMES" in run("varnishd", "-C", "-f", file, cwd=tmp_path).upper()
