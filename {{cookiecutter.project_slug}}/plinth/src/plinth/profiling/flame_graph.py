"""Flame graph of a profile, and its hottest functions."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse
from operator import attrgetter

from django.utils.csp import CSP
from pyinstrument import Profiler
from pyinstrument.frame_info import IDENTIFIER_SEP, frame_info_get_identifier
from pyinstrument.processors import aggregate_repeated_calls
from pyinstrument.renderers import HTMLRenderer
from pyinstrument.session import Session

# Seconds between two samples.
INTERVAL = 0.0005

# Of the page of `html`: its script and its styles are inside.
POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.UNSAFE_INLINE],
    "style-src": [CSP.UNSAFE_INLINE, "data:"],
    "img-src": ["data:"],
}
# Changes of pyinstrument's page
PAGE = {
    # A flame graph first, and not the tree of calls.
    r'\{viewMode:"call-stack"\}': '{viewMode:"timeline"}',
    # The browser's fonts, and not those of another site.
    r'https://fonts\.googleapis\.com/[^"]+': "data:text/css,",
}


@dataclass
class Function:
    """Fractions of the time that a function takes: its own, and with what it calls.

    Functions in C, as those of a database driver, are functions of their own.
    """

    name: str
    place: str
    own: float = 0.0
    total: float = 0.0


@contextmanager
def recording(title: str) -> Iterator[Profiler]:
    """Sample this thread; `last_session` has the samples after the block, folded."""
    profiler = Profiler(INTERVAL)
    profiler.start(target_description=title)
    try:
        yield profiler
    finally:
        fold(profiler.stop())


def fold(session: Session) -> None:
    """Merge the samples of one call stack, whichever line of a function was running."""
    stacks: Counter[tuple[str, ...]] = Counter()
    for stack, seconds in session.frame_records:
        frames = map(without_line, filterfalse(is_wrapper, stack))
        stacks[tuple(frames)] += seconds  # type: ignore[assignment]
    session.frame_records = [(list(stack), stacks[stack]) for stack in sorted(stacks)]


@cache
def without_line(frame: str) -> str:
    return re.sub("\x01l[0-9]+", "", frame)


@cache
def is_wrapper(frame: str) -> bool:
    """Whether it is Django's frame between two middlewares, half of a graph's height."""
    return frame.startswith("inner\0") and "django/core/handlers/exception.py" in frame


def html(session: Session) -> str:
    """Return a page that needs no other file."""
    renderer = HTMLRenderer()
    renderer.preprocessors = [aggregate_repeated_calls]
    page: str = renderer.render(session)
    for old, new in PAGE.items():
        page = re.sub(old, new, page)
    return page


def hottest(session: Session, number: int) -> list[Function]:
    """Return the functions with the most time of their own, in descending order."""
    functions: dict[str, Function] = {}
    everything = sum(seconds for _, seconds in session.frame_records)
    for stack, seconds in session.frame_records:
        frames = [frame_info_get_identifier(frame) for frame in stack]
        for frame in set(frames):  # a recursion counts once
            if frame not in functions:
                functions[frame] = function_of(frame, session)
            functions[frame].total += seconds / everything
        functions[frames[-1]].own += seconds / everything
    return sorted(functions.values(), key=attrgetter("own"), reverse=True)[:number]


def function_of(frame: str, session: Session) -> Function:
    name, *place = frame.split(IDENTIFIER_SEP)
    path, line = (*place, "", "0")[:2]
    path = session.shorten_path(path) if path else ""
    return Function(name, f"{path}:{line}" if line != "0" else path)
