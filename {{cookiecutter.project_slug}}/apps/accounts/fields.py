"""For migrations that were written before the field moved."""

from plinth.database.fields import LowercaseEmailField

__all__ = ["LowercaseEmailField"]
