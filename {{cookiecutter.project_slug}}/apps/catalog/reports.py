"""What staff read in the morning."""

from datetime import date, datetime, time, timedelta

from django.db.models import Avg, Count
from django.utils import timezone

from apps.accounts.models import User
from plinth.mail import services as mail
from plinth.tasks.services import run_once

from .models import Product, Review


def send_report(day: date | None = None) -> bool:
    """Mail the report of a day, yesterday by default, to staff; tell whether it was sent.

    It is sent once, however often this is called.
    """
    day = day or timezone.localdate() - timedelta(days=1)
    return run_once(f"catalog-report-{day}", lambda: mail_report(day))


def mail_report(day: date) -> None:
    staff = User.objects.filter(is_staff=True, is_active=True)
    context = report(day)
    for address in staff.values_list("email", flat=True):
        mail.send("catalog/mail/report", address, context)


def report(day: date) -> dict[str, object]:
    start = timezone.make_aware(datetime.combine(day, time.min))
    of_the_day = (start, start + timedelta(days=1))
    reviews = Review.objects.filter(
        created__gte=of_the_day[0], created__lt=of_the_day[1]
    )
    return {
        "day": day,
        "products": Product.objects.published().count(),
        **reviews.aggregate(reviews=Count("id"), rating=Avg("rating")),
    }
