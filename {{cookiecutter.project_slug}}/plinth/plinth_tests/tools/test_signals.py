"""What follows from a write stands in the service that writes, as a task on commit.

Not in a receiver of a signal, which nobody sees who reads the service; and not before the
commit, when a worker does not find what it is told to work on.
"""

import ast
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

pytestmark = pytest.mark.practice(35)

WRITES = {
    *("save", "delete", "create", "get_or_create", "update_or_create", "update"),
    *("bulk_create", "bulk_update"),
    *("asave", "adelete", "acreate", "aget_or_create", "aupdate_or_create", "aupdate"),
    *("abulk_create", "abulk_update"),
}
# Of `product.tags`; of a name alone, they are methods of sets and caches.
RELATED = {"add", "set", "remove", "clear", "aadd", "aset", "aremove", "aclear"}
SENDS = {"delay", "apply_async", "send_task"}


def called(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yield the calls in a piece of code: on what, of what, and the line."""
    for part in ast.walk(node):
        match part:
            case ast.Call(ast.Attribute(owner, name)):
                yield ast.unparse(owner), name, part.lineno
            case ast.Call(ast.Name(name)):
                yield "", name, part.lineno


def receivers(tree: ast.Module, functions: dict[str, ast.AST]) -> Iterator[ast.AST]:
    """Yield what is connected to a signal: by a decorator, or by a call of connect()."""
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


def writes(owner: str, name: str) -> bool:
    if name in RELATED:
        return "." in owner
    return name in WRITES and bool(owner) and not owner.startswith("cache")


def writes_in_receivers(code: str) -> set[int]:
    """Return the lines where a receiver writes, itself or by what it calls.

    That is a method that writes, a function of a module of services, or a function of the
    same module that does one of these.
    """
    tree = ast.parse(code)
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
        for owner, name, line in called(function):
            if (owner.partition(".")[0] or name) in services or writes(owner, name):
                found.add(line)
            elif not owner and functions.get(name) not in seen:
                ahead += filter(None, [functions.get(name)])
    return found


def sent_before_the_commit(code: str) -> set[int]:
    """Return the lines that send a task at once: delay_on_commit waits for the commit."""
    return {line for _, name, line in called(ast.parse(code)) if name in SENDS}


RECEIVERS = {
    "a decorator": """
@receiver(post_save, sender=Product)
def count(sender, instance, **kwargs):
    instance.category.save()
""",
    "a signal's own decorator": """
@user_logged_in.connect
async def count(sender, user, **kwargs):
    await Visit.objects.acreate(user=user)
""",
    "a call": """
def count(sender, **kwargs):
    Product.objects.filter(pk=1).update(count=1)

post_save.connect(count, sender=Product)
""",
    "a lambda": "post_save.connect(lambda **kwargs: Visit.objects.create())",
    "many to many": """
@receiver(post_save)
def tag(sender, instance, **kwargs):
    instance.tags.add(1)
""",
    "a service": """
from . import services

@receiver(post_save)
def count(sender, **kwargs):
    services.count()
""",
    "a service by its name": """
from apps.catalog.services import save_product

@django.dispatch.receiver(post_save)
def count(sender, instance, **kwargs):
    save_product(instance)
""",
    "a function that does": """
@receiver(post_save)
def count(sender, **kwargs):
    write()

def write():
    Visit().save()
""",
}


@pytest.mark.parametrize("code", RECEIVERS.values(), ids=RECEIVERS.keys())
def test_a_receiver_that_writes_is_refused(code: str) -> None:
    assert writes_in_receivers(code)


def test_a_receiver_that_does_not_write_is_not() -> None:
    code = """
from . import services

@receiver(post_save)
def drop(sender, instance, **kwargs):
    cache.delete(instance.pk)
    request_id.set(instance.pk)
    logger.info("saved")

def save(product):
    product.save()
    services.count(product)
"""
    assert not writes_in_receivers(code)


@pytest.mark.parametrize(
    "code",
    [
        "send_mail.delay(user.pk)",
        "tasks.send_mail.apply_async([user.pk])",
        "app.send_task('plinth.tasks.sessions.send_mail')",
    ],
)
def test_a_task_that_is_sent_before_the_commit_is_refused(code: str) -> None:
    assert sent_before_the_commit(code)


@pytest.mark.parametrize(
    "code",
    [
        "send_mail.delay_on_commit(user.pk)",
        "tasks.send_mail.apply_async_on_commit([user.pk])",
        "transaction.on_commit(partial(send_mail.delay, user.pk))",
    ],
)
def test_one_that_waits_for_the_commit_is_not(code: str) -> None:
    assert not sent_before_the_commit(code)


@pytest.mark.parametrize("refuse", [writes_in_receivers, sent_before_the_commit])
def test_the_code_has_none(refuse: Callable[[str], set[int]]) -> None:
    refused = [
        f"{path}:{line}"
        for folder in ("apps", "config")
        for path in (settings.BASE_DIR / folder).rglob("*.py")
        # What a worker runs may send on at once.
        if path.name != "tasks.py"
        for line in refuse(path.read_text())
    ]

    assert not refused
