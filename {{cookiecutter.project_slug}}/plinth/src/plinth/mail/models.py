from django.db import models
from django.utils.translation import gettext_lazy as _

from plinth.database.fields import LowercaseEmailField


class Suppression(models.Model):
    """An address that gets no more mail; deleting the row lets mail through again.

    Who goes on writing to dead addresses, or to people who complain, is soon taken for
    a spammer by everybody's provider.
    """

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("there is no such mailbox")
        COMPLAINED = "complained", _("called our mail spam")

    address = LowercaseEmailField(_("email address"), unique=True)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    provider = models.CharField(_("reported by"), max_length=20, blank=True)
    created = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")

    def __str__(self) -> str:
        return str(self.address)
