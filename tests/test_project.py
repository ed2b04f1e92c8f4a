"""Baked projects, installed for real: they do what their README says."""

from tests.conftest import Bake
from tests.support import LEANEST, run


def test_checks_pass(install: Bake) -> None:
    run("make", "check", cwd=install(**LEANEST))
