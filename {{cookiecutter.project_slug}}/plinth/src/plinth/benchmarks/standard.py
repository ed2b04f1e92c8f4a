"""The load test's standard: what was recorded, and what has become worse since.

Times are multiples of the calibration page's, which the machine served right before each
request, so a standard holds on other machines of the kind.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

# By how much a number may become worse before it fails: factors, and for errors a
# difference. The owner may change them in the file; recording leaves them as they are.
LIMITS = {
    "p50": 1.15,
    # The p50 of a single request: there are many, and fewer of each.
    "request": 1.2,
    "p95": 1.5,
    "p99": 2.5,
    "requests_per_second": 0.65,
    "errors": 0.001,
}
# The tail is of few requests, so its limits are wide.
TIMES = {"p50": 50, "p95": 95, "p99": 99}

# The calibration page's slowest tenth, divided by its best. Above this, times say more about
# other work of the machine than about the site.
BUSY = 2.5

Numbers = dict[str, Any]


def absolute(seen: dict[str, Any]) -> Numbers:
    """Return what a journey took here: milliseconds of a whole journey, requests/s."""
    whole = [sum(step[1] for step in steps) for steps in seen["one"]]
    return {
        **{name: round(quantile(whole, number), 2) for name, number in TIMES.items()},
        "calibration_ms": round(
            median(s[2] for steps in seen["one"] for s in steps), 3
        ),
        "requests_per_second": round(median(each["rate"] for each in seen["many"]), 1),
        "cpu_ms": round(median(each["cpu_ms"] for each in seen["many"]), 2),
    }


def relative(seen: dict[str, Any]) -> Numbers:
    """Return the same as multiples of the calibration page, and the share of errors."""
    whole = [
        [sum(column) for column in list(zip(*s, strict=True))[1:3]] for s in seen["one"]
    ]
    own, base = zip(*whole, strict=True)
    steps: dict[str, list[float]] = {}
    for name, ms, before, _ in (step for each in seen["one"] for step in each):
        steps.setdefault(name, []).append(ms / before)
    errors = sum(bool(step[3]) for each in seen["one"] for step in each)
    errors += sum(len(each["errors"]) for each in seen["many"])
    requests = sum(map(len, seen["one"])) + sum(
        each["requests"] for each in seen["many"]
    )
    rates = zip(seen["many"], seen["bare"], strict=True)
    return {
        # Each journey by its own calibration: the steadiest of several ways.
        "p50": round(median(mine / other for mine, other in whole), 3),
        **{
            name: round(quantile(own, TIMES[name]) / quantile(base, TIMES[name]), 3)
            for name in ("p95", "p99")
        },
        "requests_per_second": round(
            median(a["rate"] / b["rate"] for a, b in rates), 3
        ),
        "errors": round(errors / requests, 5),
        "steps": {step: round(median(ratios), 3) for step, ratios in steps.items()},
    }


def unrest(journeys: dict[str, Any]) -> float:
    """Return how much longer the calibration page took now and then than it can."""
    base = [s[2] for seen in journeys.values() for steps in seen["one"] for s in steps]
    return quantile(base, 90) / quantile(base, 10)


def quantile(numbers: Sequence[float], percent: int) -> float:
    return quantiles(numbers, n=100)[percent - 1] if len(numbers) > 1 else numbers[0]


def failures(
    standard: dict[str, Any],
    found: dict[str, Numbers],
    *,
    partly: bool = False,
    times: bool = True,
) -> Iterator[str]:
    """Yield a line for each limit that is exceeded.

    `partly`: only some journeys were run, so that none is missed. Without `times`, errors
    alone are compared.
    """
    limits = LIMITS | standard.get("limits", {})
    for name, was in standard["journeys"].items():
        if name not in found:
            if not partly:
                yield f"{name}: it is in the standard, and was not run."
            continue
        now = found[name]
        if times:
            yield from slower(name, limits, was, now)
        if now["errors"] > was["errors"] + limits["errors"]:
            yield (
                f"{name}: {now['errors']:.2%} of requests fail; the standard has "
                f"{was['errors']:.2%}."
            )


def errors(standard: dict[str, Any], found: dict[str, Numbers]) -> Iterator[str]:
    """Yield a line for each journey that can't be recorded: an error page may be fast."""
    limit = standard.get("limits", LIMITS)["errors"]
    for name, now in found.items():
        if now["errors"] > limit:
            yield f"{name}: {now['errors']:.2%} of requests fail, so nothing is recorded."


def slower(
    name: str, limits: dict[str, float], was: Numbers, now: Numbers
) -> Iterator[str]:
    for fact in TIMES:
        if now[fact] > was[fact] * limits[fact]:
            yield (
                f"{name}: {fact} is {now[fact] / was[fact]:.2f} times the standard's; "
                f"the limit is {limits[fact]:g}."
            )
    for step, before in was["steps"].items():
        if now["steps"].get(step, 0) > before * limits["request"]:
            yield (
                f"{name}: {step} takes {now['steps'][step] / before:.2f} times the "
                f"standard's p50; the limit is {limits['request']:g}."
            )
    fact = "requests_per_second"
    if now[fact] < was[fact] * limits[fact]:
        yield (
            f"{name}: requests/s are {now[fact] / was[fact]:.2f} times the standard's; "
            f"the limit is {limits[fact]:g}."
        )


def worse(standard: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """Return the journeys that exceed a limit, to be measured again.

    A slower site is slower twice; other work of the machine seldom is.
    """
    if not standard:
        return []
    found = {name: relative(each) for name, each in seen.items()}
    return [
        name
        for name, each in found.items()
        if any(failures(standard, {name: each}, partly=True))
    ]


def better(one: Numbers, other: Numbers) -> Numbers:
    """Return the better numbers of two measurements of a journey. Errors stay errors."""
    steps = one["steps"]
    return {
        **{name: min(one[name], other[name]) for name in TIMES},
        "requests_per_second": max(
            one["requests_per_second"], other["requests_per_second"]
        ),
        "errors": max(one["errors"], other["errors"]),
        "steps": {s: min(steps[s], other["steps"].get(s, steps[s])) for s in steps},
    }


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
