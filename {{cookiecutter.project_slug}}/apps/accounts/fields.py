"""For migrations of releases before the field moved."""

from plinth.database.fields import LowercaseEmailField

__all__ = ["LowercaseEmailField"]
