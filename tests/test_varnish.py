"""The rules for Varnish, by its own tool for tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import run

pytestmark = pytest.mark.services("varnish")


@pytest.fixture
def varnish(bake: Bake) -> Iterator[Path]:
    """The project's folder for Varnish, where it may read it as the user that it becomes."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield shutil.copytree(bake() / "deploy/varnish", Path(name, "varnish"))


def test_varnish_follows_its_rules(varnish: Path) -> None:
    tests = sorted((varnish / "tests").glob("*.vtc"))
    assert len(tests) == 4

    said = run(
        *("varnishtest", "-j", "4", "-t", "60", "-D", f"rules={varnish}/rules.vcl"),
        *tests,
        cwd=varnish,
    )

    assert said.count(" passed ") == len(tests)


def test_varnish_accepts_the_configuration(varnish: Path) -> None:
    said = run("varnishd", "-C", "-f", varnish / "default.vcl", cwd=varnish)

    # It prints what it makes of the rules, in C.
    assert "VGC_function_vcl_recv" in said
