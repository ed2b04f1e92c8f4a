"""Ways to break a practice in a baked project, each by one small change.

A mutation is the proof of a proof: after it, the test that it names, one of those that
prove the practice, must fail. Where a practice holds in several places, it has several.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutation:
    practice: int
    name: str
    change: Callable[[Path], object]
    red: str


def replace(path: str, old: str, new: str) -> Callable[[Path], object]:
    """Replace what must be in a file, once or more."""

    def change(project: Path) -> None:
        text = (project / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        (project / path).write_text(text.replace(old, new))

    return change


def append(path: str, text: str) -> Callable[[Path], object]:
    """Add to the end of a file, which may be a new one."""

    def change(project: Path) -> None:
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as stream:
            stream.write(text)

    return change


def delete(path: str) -> Callable[[Path], object]:
    return lambda project: (project / path).unlink()
