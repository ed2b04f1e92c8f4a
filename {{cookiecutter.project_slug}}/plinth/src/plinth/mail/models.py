from django.db import models
from django.utils.translation import gettext_lazy as _

from plinth.database.fields import LowercaseEmailField


class Suppression(models.Model):
    """An entry of the suppression list: an address that is sent no mail.

    Providers block senders whose mail keeps bouncing or is reported as spam. Deleting
    the entry allows mail again.
    """

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("permanent bounce")
        COMPLAINED = "complained", _("spam complaint")

    address = LowercaseEmailField(_("email address"), unique=True)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    provider = models.CharField(_("reported by"), max_length=20, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        # Or, without its app, it would be a model of the app `plinth`.
        app_label = "mail"
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")

    def __str__(self) -> str:
        return str(self.address)
