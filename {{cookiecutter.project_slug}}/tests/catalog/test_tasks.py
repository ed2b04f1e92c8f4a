from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import tasks
from apps.catalog.models import Product, Review
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
    text = "Products published now: 1\nNew reviews: 1, 5.0 of 5 on average"
    assert text in mail.outbox[0].body
