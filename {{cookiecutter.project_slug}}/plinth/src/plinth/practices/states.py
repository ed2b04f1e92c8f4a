"""The state of a practice where the site runs now, which a probe finds."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings


class State(StrEnum):
    ON = "on"
    EMBEDDED = "embedded"
    OFF = "off"
    ABSENT = "absent"
    UNBUILT = "unbuilt"

    @property
    def label(self) -> str:
        labels = {State.EMBEDDED: "built in", State.UNBUILT: "not built yet"}
        return labels.get(self, str(self))

    @property
    def meaning(self) -> str:
        return {
            State.ON: "in effect here",
            State.EMBEDDED: "by a part that needs no server: for development",
            State.OFF: "not in effect: the card says what to do",
            State.ABSENT: "its code or its package is not installed",
            State.UNBUILT: "planned for a later release",
        }[self]


@dataclass(frozen=True)
class Finding:
    """A state and its reason, for people: "reason: remedy" where something is to be done."""

    state: State
    detail: str = ""


def on(detail: str) -> Finding:
    return Finding(State.ON, detail)


def off(detail: str) -> Finding:
    return Finding(State.OFF, detail)


def embedded(detail: str) -> Finding:
    """A built-in part that needs no server: enough with DEBUG, off in production.

    The detail names that part, and the variable that switches the real one on.
    """
    return Finding(State.EMBEDDED if settings.DEBUG else State.OFF, detail)
