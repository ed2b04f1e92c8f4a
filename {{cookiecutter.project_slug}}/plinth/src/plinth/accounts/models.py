"""Users that sign in by email address."""

from typing import Any

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils.fields import MonitorField

from plinth.database.fields import LowercaseEmailField, normalize_email


class EmailUserManager[U: "AbstractEmailUser"](BaseUserManager[U]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> U:
        """Save a user; without a password, the user sets one by a password reset.

        `set_unusable_password` disables both. Raises ValueError without an address.
        """
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=normalize_email(email), **fields)
        # Empty, no password matches. Django's None would mean that it is disabled.
        if password is not None:
            user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> U:
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, **fields
        )


class AbstractEmailUser(AbstractBaseUser, PermissionsMixin):
    email = LowercaseEmailField(
        _("email address"),
        unique=True,
        error_messages={"unique": _("There is an account with this address already.")},
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May sign in to the admin.")
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("May sign in. Switch off instead of deleting."),
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    password_changed = MonitorField(
        _("password changed"), monitor="password", editable=False
    )

    objects = EmailUserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"

    class Meta:
        abstract = True
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email
