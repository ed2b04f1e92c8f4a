"""Baked projects, installed for real: they do what their README says."""

from tests.conftest import LEANEST, Bake, run


def test_checks_pass(install: Bake) -> None:
    run("make", "check", cwd=install(**LEANEST))
