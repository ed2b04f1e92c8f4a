from plinth.accounts.models import AbstractEmailUser


class User(AbstractEmailUser):
    """A user, who signs in by email address. Your own fields go here."""
