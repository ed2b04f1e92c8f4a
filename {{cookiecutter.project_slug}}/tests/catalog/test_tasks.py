from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import reports, tasks
from apps.catalog.models import Import, Product, Review
from plinth.testing.plugin import Commit

pytestmark = pytest.mark.django_db


def test_report_of_yesterday_is_sent_to_staff_once(
    user: User, product: Product, commit: Commit
) -> None:
    for name in ("one", "other"):
        User.objects.create_user(f"{name}@example.com", is_staff=True)
    now = timezone.now()
    for days, rating in ((0, 1), (1, 5), (2, 1)):
        Review.objects.create(
            product=product, rating=rating, created=now - timedelta(days=days)
        )

    for _ in range(2):
        with commit():
            tasks.send_report.delay()

    # One message each: nobody sees who else gets it.
    assert sorted(message.to for message in mail.outbox) == [
        ["one@example.com"],
        ["other@example.com"],
    ]
    text = "Products published: 1\nNew reviews: 1, 5.0 of 5 on average"
    assert text in mail.outbox[0].body


def test_failed_report_is_sent_later(
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


def test_failed_import_leaves_no_file(commit: Commit) -> None:
    name = default_storage.save("imports/a.unknown", ContentFile(b"a"))
    started = Import.objects.create(file=name, skip_invalid=False)

    with commit():
        tasks.import_products.apply(kwargs={"pk": started.pk}, throw=False)

    started.refresh_from_db()
    assert started.state == Import.State.FAILED
    assert not default_storage.exists(name)
