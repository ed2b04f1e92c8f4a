from plinth.accounts.models import AbstractEmailUser
from plinth.database.fields import TimeZoneField


class User(AbstractEmailUser):
    """A user, who signs in by email address. Your own fields go here."""

    time_zone = TimeZoneField()
