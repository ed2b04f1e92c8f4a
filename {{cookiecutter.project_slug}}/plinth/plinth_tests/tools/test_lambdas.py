"""Lambdas have no name; plinth.practices.lint finds those that are not simple."""

import pytest

from .commands import found

pytestmark = pytest.mark.practice(70)


def test_lambda_with_a_name_is_refused() -> None:
    assert "E731" in found("name = lambda user: user.name\n")
