"""The lint rules find what they are for, on planted code."""

from pathlib import Path

import pytest

from plinth.practices import lint

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


def rules(code: str, path: str = "views.py") -> set[str]:
    return {rule for _, rule in lint.lint(code, path)}


@pytest.mark.practice(7)
@pytest.mark.parametrize(
    "code",
    [
        "for row in rows: Product.objects.create(**row)",
        "for product in products:\n    if product.price: product.save()",
        "[Tag.objects.get_or_create(name=name) for name in names]",
        "while rows: Product(rows.pop()).save()",
    ],
)
def test_save_in_a_loop_is_found(code: str) -> None:
    assert rules(code) == {"PRA007"}


@pytest.mark.practice(69)
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
def test_count_as_a_condition_is_found(code: str) -> None:
    assert lint.lint(code) == [(1, "PRA069")]


@pytest.mark.practice(35)
@pytest.mark.parametrize("code", RECEIVERS.values(), ids=RECEIVERS.keys())
def test_receiver_that_writes_is_found(code: str) -> None:
    assert rules(code) == {"PRA035"}


@pytest.mark.practice(35)
@pytest.mark.parametrize(
    "code",
    [
        "send_mail.delay(user.pk)",
        "tasks.send_mail.apply_async([user.pk])",
        "app.send_task('plinth.mail.tasks.send_mail')",
    ],
)
def test_task_enqueued_before_the_commit_is_found(code: str) -> None:
    assert rules(code) == {"PRA035"}
    assert rules(code, "apps/accounts/tasks.py") == set()


@pytest.mark.practice(70)
@pytest.mark.parametrize(
    "code",
    [
        "sorted(users, key=lambda user: lambda: user)",
        "sorted(users, key=lambda user: user.name if user.name else user.email)",
        f"sorted(users, key=lambda user: user.{'a' * lint.LONGEST_LAMBDA})",
    ],
)
def test_complex_lambda_is_found(code: str) -> None:
    assert lint.lint(code) == [(1, "PRA070")]


@pytest.mark.practice(7, 35, 69, 70)
@pytest.mark.parametrize(
    "code",
    [
        "Tag.objects.bulk_create(Tag(name=name) for name in names)",
        "for file in files: storage.save(file.name, file)",
        "if reviews.exists() and text.count('a') > 1: total = reviews.count()",
        "sorted(users, key=lambda user: user.name)",
        "send_mail.delay_on_commit(user.pk)",
        "tasks.send_mail.apply_async_on_commit([user.pk])",
        "transaction.on_commit(partial(send_mail.delay, user.pk))",
        """
from . import services

@receiver(post_save)
def drop(sender, instance, **kwargs):
    cache.delete(instance.pk)
    request_id.set(instance.pk)
    logger.info("saved")

def save(product):
    product.save()
    services.count(product)
""",
    ],
)
def test_good_code_is_not_reported(code: str) -> None:
    assert rules(code) == set()


def test_command_reports_a_line_and_accepts_a_noqa(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "views.py"
    module.write_text("def view(rows):\n    if rows.count(): pass\n")

    assert lint.main([str(module)]) == 1
    assert f"{module}:2: PRA069 counts rows" in capsys.readouterr().out

    module.write_text("if rows.count(): pass  # noqa: PLR2004, PRA069\n")
    assert lint.main([str(module)]) == 0
    module.write_text("if rows.count(): pass  # noqa: PRA007\n")
    assert lint.main([str(module)]) == 1
