"""Lint rules for practices that ruff does not know: `python -m plinth.practices.lint FILES`.

Each rule ends in the number of its practice. A line with `# noqa: PRA007` is accepted.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

RULES = {
    "PRA007": "saves one row at a time in a loop: bulk_create or bulk_update save them all",
    "PRA035": "writes in a signal receiver, or enqueues a task before the commit: let the "
    "service that writes enqueue it with delay_on_commit",
    "PRA069": "counts rows to learn whether there is one: exists() reads one row",
    "PRA070": "a lambda that is long, nested or has a condition: give it a name, with def",
}

LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
ROW_WRITES = {"create", "get_or_create", "save", "update_or_create"}
WRITES = {
    *ROW_WRITES,
    *("delete", "update", "bulk_create", "bulk_update"),
    *("asave", "adelete", "acreate", "aget_or_create", "aupdate_or_create", "aupdate"),
    *("abulk_create", "abulk_update"),
}
# Methods of related managers (`product.tags.add`); on a plain name, of sets and caches.
RELATED = {"add", "set", "remove", "clear", "aadd", "aset", "aremove", "aclear"}
ENQUEUES = {"delay", "apply_async", "send_task"}
LONGEST_LAMBDA = 60


def saves_in_loops(tree: ast.Module) -> set[int]:
    """Lines that save one row at a time; a storage's `save(name, file)` is none."""
    found = set()
    for loop in ast.walk(tree):
        for node in ast.walk(loop) if isinstance(loop, LOOPS) else ():
            match node:
                case ast.Call(ast.Attribute(attr="save"), [_, *_]):
                    continue
                case ast.Call(ast.Attribute(attr=name)) if name in ROW_WRITES:
                    found.add(node.lineno)
    return found


def counts_as_conditions(tree: ast.Module) -> set[int]:
    """Lines that use `count()` as a condition; one with an argument is a list's."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                conditions = [test]
            case ast.BoolOp(values=values):
                conditions = values
            case ast.UnaryOp(ast.Not(), operand) | ast.Call(
                ast.Name("bool"), [operand]
            ):
                conditions = [operand]
            case ast.Compare(left, [_], [ast.Constant(0 | 1)]):
                conditions = [left]
            case _:
                continue
        for condition in conditions:
            match condition:
                case ast.Call(ast.Attribute(attr="count"), []):
                    found.add(condition.lineno)
    return found


def complex_lambdas(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            parts = {type(part) for part in ast.walk(node.body)}
            long = len(ast.unparse(node)) > LONGEST_LAMBDA
            if long or {ast.Lambda, ast.IfExp, ast.NamedExpr} & parts:
                found.add(node.lineno)
    return found


def calls(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yield the calls in a piece of code: the object's source, the name, the line."""
    for part in ast.walk(node):
        match part:
            case ast.Call(ast.Attribute(owner, name)):
                yield ast.unparse(owner), name, part.lineno
            case ast.Call(ast.Name(name)):
                yield "", name, part.lineno


def receivers(tree: ast.Module, functions: dict[str, ast.AST]) -> Iterator[ast.AST]:
    """Yield what is connected to a signal, by a decorator or by `connect()`."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                decorators = [ast.unparse(each) for each in node.decorator_list]
                if any(
                    each.startswith("receiver(")
                    or ".receiver(" in each
                    or each.partition("(")[0].endswith(".connect")
                    for each in decorators
                ):
                    yield node
            case ast.Call(ast.Attribute(attr="connect"), [ast.Lambda() as lambda_, *_]):
                yield lambda_
            case ast.Call(ast.Attribute(attr="connect"), [ast.Name(name), *_]):
                yield from filter(None, [functions.get(name)])


def is_write(owner: str, name: str) -> bool:
    if name in RELATED:
        return "." in owner
    return name in WRITES and bool(owner) and not owner.startswith("cache")


def writes_in_receivers(tree: ast.Module) -> set[int]:
    """Lines where a receiver writes, itself or through what it calls.

    That is a method that writes, a function of a module of services, or a function of the
    same module that does one of these.
    """
    functions: dict[str, ast.AST] = {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    services = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module or "").endswith("services") or alias.name == "services"
    }
    found, seen, ahead = set(), set(), [*receivers(tree, functions)]
    while ahead:
        function = ahead.pop()
        seen.add(function)
        for owner, name, line in calls(function):
            if (owner.partition(".")[0] or name) in services or is_write(owner, name):
                found.add(line)
            elif not owner and functions.get(name) not in seen:
                ahead += filter(None, [functions.get(name)])
    return found


def enqueues_before_commit(tree: ast.Module) -> set[int]:
    return {line for _, name, line in calls(tree) if name in ENQUEUES}


def lint(code: str, path: str = "") -> list[tuple[int, str]]:
    """Return the lines that break a rule, and the rules."""
    tree = ast.parse(code)
    # A task may enqueue at once: it runs in no request's transaction.
    in_tasks = Path(path).name == "tasks.py"
    broken = {
        "PRA007": saves_in_loops(tree),
        "PRA035": writes_in_receivers(tree)
        | (set() if in_tasks else enqueues_before_commit(tree)),
        "PRA069": counts_as_conditions(tree),
        "PRA070": complex_lambdas(tree),
    }
    lines = code.splitlines()
    return sorted(
        (line, rule)
        for rule, numbers in broken.items()
        for line in numbers
        if not re.search(rf"#\s*noqa:.*\b{rule}\b", lines[line - 1])
    )


def main(paths: list[str]) -> int:
    found = [
        f"{path}:{line}: {rule} {RULES[rule]} (or accept it: # noqa: {rule})\n"
        for path in paths
        for line, rule in lint(Path(path).read_text(), path)
    ]
    sys.stdout.writelines(found)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
