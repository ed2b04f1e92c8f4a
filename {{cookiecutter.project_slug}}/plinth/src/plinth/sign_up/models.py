from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Deletion(models.Model):
    """A user's request to delete the account, until it is due."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user")
    )
    due = models.DateTimeField(_("due"), db_index=True)

    class Meta:
        verbose_name = _("requested deletion")
        verbose_name_plural = _("requested deletions")

    def __str__(self) -> str:
        return f"{self.user}: {self.due:%Y-%m-%d}"
