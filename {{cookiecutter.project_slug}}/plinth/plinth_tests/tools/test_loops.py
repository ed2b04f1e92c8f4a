"""What costs a query too many, found in the code: writes row by row, counts to find one."""

import ast
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

pytestmark = pytest.mark.practice(7, 69)

LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
WRITES = {"create", "get_or_create", "save", "update_or_create"}


def calls(node: ast.AST, names: set[str]) -> Iterator[int]:
    """Yield the lines where methods of these names are called in a piece of code.

    A storage's save, which is given a name and a file, is none of a row.
    """
    for part in ast.walk(node):
        match part:
            case ast.Call(ast.Attribute(attr="save"), [_, *_]):
                continue
            case ast.Call(ast.Attribute(attr=name)) if name in names:
                yield part.lineno


def writes_in_loops(code: str) -> set[int]:
    """Return the lines that save one row at a time: bulk_create saves them all."""
    return {
        line
        for node in ast.walk(ast.parse(code))
        if isinstance(node, LOOPS)
        for line in calls(node, WRITES)
    }


def counts_to_find_one(code: str) -> set[int]:
    """Return the lines that count rows, and ask only whether there are any.

    A count with an argument is that of a list or a text.
    """
    found = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                asked = [test]
            case ast.BoolOp(values=values):
                asked = values
            case ast.UnaryOp(ast.Not(), operand) | ast.Call(
                ast.Name("bool"), [operand]
            ):
                asked = [operand]
            case ast.Compare(left, [_], [ast.Constant(0 | 1)]):
                asked = [left]
            case _:
                continue
        found |= {
            part.lineno
            for part in asked
            if isinstance(part, ast.Call)
            and isinstance(part.func, ast.Attribute)
            and part.func.attr == "count"
            and not part.args
        }
    return found


@pytest.mark.parametrize(
    "code",
    [
        "for row in rows: Product.objects.create(**row)",
        "for product in products:\n    if product.price: product.save()",
        "[Tag.objects.get_or_create(name=name) for name in names]",
        "while rows: Product(rows.pop()).save()",
    ],
)
def test_a_write_in_a_loop_is_refused(code: str) -> None:
    assert writes_in_loops(code)


@pytest.mark.parametrize(
    "code",
    [
        "if reviews.count(): pass",
        "if not Review.objects.filter(user=user).count(): pass",
        "reviewed = user.is_active and reviews.count()",
        "reviewed = reviews.count() > 0",
        "reviewed = bool(reviews.count())",
    ],
)
def test_a_count_that_asks_whether_there_is_one_is_refused(code: str) -> None:
    assert counts_to_find_one(code) == {1}


def test_what_is_as_it_should_be_is_not() -> None:
    code = "Tag.objects.bulk_create(Tag(name=name) for name in names)"
    assert not writes_in_loops(code)
    code = "if reviews.exists() and text.count('a') > 1: total = reviews.count()"
    assert not counts_to_find_one(code)


@pytest.mark.parametrize("refuse", [writes_in_loops, counts_to_find_one])
def test_the_code_has_none(refuse: Callable[[str], set[int]]) -> None:
    refused = [
        f"{path}:{line}"
        for path in (settings.BASE_DIR / "apps").rglob("*.py")
        for line in refuse(path.read_text())
    ]

    assert not refused
