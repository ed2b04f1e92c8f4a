from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """A key under which a function has run: see `services.run_once`."""

    key = models.CharField(_("key"), max_length=200, unique=True)
    created = models.DateTimeField(_("created"), default=timezone.now, db_index=True)

    class Meta:
        # Or, without its app, it would be a model of the app `plinth`.
        app_label = "jobs"
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")

    def __str__(self) -> str:
        return self.key
