"""Daily catalogue report, sent by email to staff."""

from datetime import date, datetime, time, timedelta

from django.db.models import Avg, Count
from django.utils import timezone

from apps.accounts.models import User
from plinth.mail import services as mail
from plinth.tasks.services import run_once

from .models import Product, Review


def send_report(day: date | None = None) -> bool:
    """Send the report of a day, by default yesterday, once; return whether it was sent."""
    day = day or timezone.localdate() - timedelta(days=1)
    return run_once(f"catalog-report-{day}", lambda: send_to_staff(day))


def send_to_staff(day: date) -> None:
    staff = User.objects.filter(is_staff=True, is_active=True)
    context = report(day)
    for address in staff.values_list("email", flat=True):
        mail.send("catalog/mail/report", address, context)


def report(day: date) -> dict[str, object]:
    start = timezone.make_aware(datetime.combine(day, time.min))
    reviews = Review.objects.filter(
        created__gte=start, created__lt=start + timedelta(days=1)
    )
    return {
        "day": day,
        "products": Product.objects.published().count(),
        **reviews.aggregate(reviews=Count("id"), rating=Avg("rating")),
    }
