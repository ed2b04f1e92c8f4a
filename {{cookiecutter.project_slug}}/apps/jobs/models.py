from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Effect(models.Model):
    """That something was done which must not be done twice: see `services.once`."""

    key = models.CharField(_("key"), max_length=200, unique=True)
    created = models.DateTimeField(_("done"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("effect")
        verbose_name_plural = _("effects")

    def __str__(self) -> str:
        return self.key
