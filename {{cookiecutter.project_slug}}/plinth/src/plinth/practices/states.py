"""What a probe answers: the state that a practice is in, and why."""

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
    def meaning(self) -> str:
        return {
            State.ON: "works here as it should",
            State.EMBEDDED: "a stand-in serves developers",
            State.OFF: "something is amiss",
            State.ABSENT: "left out by an answer",
            State.UNBUILT: "still to come",
        }[self]


@dataclass(frozen=True)
class Finding:
    state: State
    detail: str = ""


def on(detail: str) -> Finding:
    return Finding(State.ON, detail)


def off(detail: str) -> Finding:
    """Say why it is off, and the remedy."""
    return Finding(State.OFF, detail)


def stand_in(detail: str) -> Finding:
    """Say what serves instead, and the variable that switches the real part on.

    That is how a developer's machine works; in production it is not enough.
    """
    return Finding(State.EMBEDDED if settings.DEBUG else State.OFF, detail)
