from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Token(models.Model):
    """A user's key to the API, of which only the SHA-256 hash is stored: see `tokens`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires = models.DateTimeField(_("expires"))

    # Declared, since mypy's plugin knows the managers of installed apps only.
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "api"
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return self.name


class IdempotentResponse(models.Model):
    """The response to a request with an Idempotency-Key: see `idempotency`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    key = models.CharField(max_length=200)
    # Of method, path and body.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    content = models.BinaryField()
    created = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        app_label = "api"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], name="api_one_response_per_key"
            )
        ]

    def __str__(self) -> str:
        return self.key
