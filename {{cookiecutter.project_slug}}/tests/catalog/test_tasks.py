from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import imports, reports, services, tasks
from apps.catalog.models import Import, Product, Review
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.django_db


def test_staff_hear_of_yesterday_once(
    user: User, product: Product, commit: Commit
) -> None:
    for name in ("one", "other"):
        User.objects.create_user(f"{name}@example.com", is_staff=True)
    now = timezone.now()
    for days, rating in ((0, 1), (1, 5), (2, 1)):
        author = User.objects.create_user(f"{days}@example.com")
        created = now - timedelta(days=days)
        Review.objects.create(
            product=product, user=author, rating=rating, created=created
        )

    for _ in range(2):
        with commit():
            tasks.send_report.delay()

    # Nobody learns from it who else reads it.
    assert sorted(message.to for message in mail.outbox) == [
        ["one@example.com"],
        ["other@example.com"],
    ]
    text = "Products on show: 1\nNew reviews: 1, 5.0 of 5 on average"
    assert text in mail.outbox[0].body


def test_a_report_that_could_not_be_made_is_made_later(
    monkeypatch: pytest.MonkeyPatch, commit: Commit
) -> None:
    User.objects.create_user("staff@example.com", is_staff=True)
    with monkeypatch.context() as patch:
        patch.setattr(reports, "report", lambda day: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.send_report.delay()

    with commit():
        tasks.send_report.delay()

    assert len(mail.outbox) == 1


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports that fail, and not by something that passes."""
    monkeypatch.setattr(services, "check_products", lambda rows: 1 / 0)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_fails_in_the_request_leaves_no_file(
    user: User, broken: None
) -> None:
    with pytest.raises(ZeroDivisionError):
        imports.begin_import(user.pk, ContentFile(b"a", "a.csv"), keep_good=False)

    begun = Import.objects.get()
    assert begun.state == Import.State.FAILED
    assert not default_storage.exists(begun.file)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_fails_in_a_worker_leaves_no_file(broken: None) -> None:
    name = default_storage.save("imports/a.csv", ContentFile(b"a"))
    begun = Import.objects.create(file=name, keep_good=False)

    tasks.import_products.apply((begun.pk,), throw=False)

    begun.refresh_from_db()
    assert begun.state == Import.State.FAILED
    assert not default_storage.exists(begun.file)
