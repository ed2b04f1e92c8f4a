"""The load test's standard: what was recorded, and what has become worse since.

Each number is divided by that of the calibration page, which the same machine served right
before it, so a standard holds on other machines of the kind.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

# By how much a number may become worse before it fails. The owner may change them in the
# file; `--record` leaves them as they are.
LIMITS = {
    "p50": 1.15,
    "p95": 1.3,
    "p99": 2.0,
    "requests_per_second": 0.85,
    # A difference, not a factor: of each thousand requests, one.
    "errors": 0.001,
}
TIMES = ("p50", "p95", "p99")

Round = dict[str, Any]
Numbers = dict[str, Any]


def relative(rounds: list[Round]) -> Numbers:
    """Return the medians of a journey's rounds, as multiples of the calibration's."""
    one = [each["one"] for each in rounds]
    many = [each["many"] for each in rounds]
    errors = [error for each in one + many for error in each["own"]["errors"]]
    requests = sum(each["own"]["requests"] for each in one + many)
    steps = one[0]["own"]["steps"]
    return {
        **{
            name: round(median(r["own"][name] / r["base"][name] for r in one), 3)
            for name in TIMES
        },
        "requests_per_second": round(
            median(r["own"]["rate"] / r["base"]["rate"] for r in many), 3
        ),
        "errors": round(len(errors) / requests, 5),
        "steps": {
            step: round(
                median(r["own"]["steps"].get(step, 0) / r["base"]["p50"] for r in one), 3
            )
            for step in steps
        },
    }


def failures(
    standard: dict[str, Any], found: dict[str, Numbers], *, partly: bool = False
) -> Iterator[str]:
    """Yield a line for each limit that is exceeded.

    `partly`: only some journeys were run, so that none is missed.
    """
    limits = LIMITS | standard.get("limits", {})
    for name, was in standard["journeys"].items():
        if name not in found:
            if not partly:
                yield f"{name}: it is in the standard, and was not run."
            continue
        now = found[name]
        for fact in TIMES:
            if now[fact] > was[fact] * limits[fact]:
                yield (
                    f"{name}: {fact} is {now[fact] / was[fact]:.2f} times the standard's; "
                    f"the limit is {limits[fact]:g}."
                )
        for step, before in was["steps"].items():
            if now["steps"].get(step, 0) > before * limits["p50"]:
                yield (
                    f"{name}: {step} takes {now['steps'][step] / before:.2f} times the "
                    f"standard's p50; the limit is {limits['p50']:g}."
                )
        fact = "requests_per_second"
        if now[fact] < was[fact] * limits[fact]:
            yield (
                f"{name}: requests/s are {now[fact] / was[fact]:.2f} times the standard's; "
                f"the limit is {limits[fact]:g}."
            )
        if now["errors"] > was["errors"] + limits["errors"]:
            yield (
                f"{name}: {now['errors']:.2%} of requests fail; the standard has "
                f"{was['errors']:.2%}."
            )


def read(path: Path) -> dict[str, Any]:
    """Return a standard; empty where there is no file."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(path: Path, conditions: dict[str, Any], found: dict[str, Numbers]) -> None:
    """Record a standard. Limits and journeys that were not run stay as they are."""
    before = read(path)
    standard = {
        "limits": before.get("limits", LIMITS),
        "recorded": conditions,
        "journeys": before.get("journeys", {}) | found,
    }
    path.write_text(json.dumps(standard, indent=2) + "\n")
