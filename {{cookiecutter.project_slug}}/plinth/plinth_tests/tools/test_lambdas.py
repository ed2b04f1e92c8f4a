"""A lambda is one short expression; what is longer has a name."""

import ast
from collections.abc import Iterator

import pytest
from django.conf import settings

from .commands import found

pytestmark = pytest.mark.practice(70)

# Characters: what one reads at a glance, in the middle of a call.
LONGEST = 60


def complex_lambdas(code: str) -> Iterator[int]:
    """Yield the lines of lambdas that are long, nested or that choose."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Lambda):
            inside = [type(part) for part in ast.walk(node.body)]
            long = len(ast.unparse(node)) > LONGEST
            if long or {ast.Lambda, ast.IfExp, ast.NamedExpr}.intersection(inside):
                yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        "sorted(users, key=lambda user: lambda: user)",
        "sorted(users, key=lambda user: user.name if user.name else user.email)",
        f"sorted(users, key=lambda user: user.{'a' * LONGEST})",
    ],
)
def test_a_complex_lambda_is_refused(code: str) -> None:
    assert list(complex_lambdas(code)) == [1]


def test_a_lambda_with_a_name_is_refused() -> None:
    assert "E731" in found("name = lambda user: user.name\n")


def test_a_simple_lambda_is_not() -> None:
    assert not list(complex_lambdas("sorted(users, key=lambda user: user.name)"))


def test_every_lambda_is_simple() -> None:
    refused = [
        f"{path}:{line}"
        for folder in ("apps", "config", "tests")
        for path in (settings.BASE_DIR / folder).rglob("*.py")
        for line in complex_lambdas(path.read_text())
    ]

    assert not refused
