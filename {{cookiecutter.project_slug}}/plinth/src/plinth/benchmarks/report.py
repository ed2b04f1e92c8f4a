"""Report of the load test: one HTML file with charts, without scripts or other files."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from .standard import LIMITS, TIMES

# Pixels of the bars: the axis begins right of the names.
LEFT, WIDTH, ROW, BAR = 120, 500, 46, 13
# Of a line of the history; as many of the newest runs.
LINE_LEFT, LINE_WIDTH, LINE_HEIGHT, RUNS = 38, 252, 88, 50

Entry = dict[str, Any]


def page(history: list[Entry], standard: Entry) -> str:
    """Return the report of the last run, with the runs before it.

    The page allows its own style by its hash, and nothing else: Content-Security-Policy.
    """
    last = history[-1]
    style = Path(__file__).with_suffix(".css").read_text()
    rows = [*bars(last, standard)]
    axis = len(rows) * ROW
    was = standard["journeys"]
    context = {
        "style": style,
        "style_hash": b64encode(sha256(style.encode()).digest()).decode(),
        "last": last,
        "bars": rows,
        "axis": axis,
        "labels": axis + 14,
        "bars_height": axis + 20,
        "ticks": [(LEFT + WIDTH * n / 6, f"{n / 2:g}") for n in range(7)],
        "history": [line(name, history[-RUNS:], standard) for name in last["journeys"]],
        "table": [
            {
                "name": name,
                "errors": f"{last['journeys'][name]['errors']:.2%}",
                **numbers,
            }
            for name, numbers in last["absolute"].items()
        ],
        "steps": [
            {
                "name": name,
                "step": step,
                "now": f"{now:.2f}",
                "was": was.get(name, {"steps": {}})["steps"].get(step, ""),
            }
            for name, numbers in last["journeys"].items()
            for step, now in numbers["steps"].items()
        ],
    }
    template = Path(__file__).with_suffix(".html").read_text()
    return Engine().from_string(template).render(Context(context))


def bars(last: Entry, standard: Entry) -> Iterator[Entry]:
    """Yield a row for each journey that is in the standard, with a bar for each time."""
    limits = LIMITS | standard.get("limits", {})
    shared = [name for name in last["journeys"] if name in standard["journeys"]]
    for number, name in enumerate(shared):
        now, was = last["journeys"][name], standard["journeys"][name]
        row = []
        for place, fact in enumerate(TIMES):
            ratio, limit = now[fact] / was[fact], limits[fact]
            y = number * ROW + place * BAR + 4
            width = min(ratio, 3) / 3 * WIDTH
            kind = "bad" if ratio > limit else "ok" if fact == "p50" else "tail"
            limit_x = LEFT + min(limit, 3) / 3 * WIDTH
            row.append({
                "fact": fact,
                "ratio": f"{ratio:.2f}",
                "limit": f"{limit:g}",
                "kind": kind,
                "width": f"{width:.1f}",
                "limit_x": f"{limit_x:.1f}",
                "text_x": f"{max(LEFT + width, limit_x) + 6:.1f}",
                "text_y": y + 8,
                "y": y,
                "end": y + 9,
            })  # fmt: skip
        yield {"name": name, "y": number * ROW + 26, "bars": row}


def line(name: str, history: list[Entry], standard: Entry) -> Entry:
    """Return the line of a journey's p50 in the runs that have it."""
    runs = [run for run in history if name in run["journeys"]]
    values = [run["journeys"][name]["p50"] for run in runs]
    was = standard["journeys"].get(name, {}).get("p50", 0)
    limit = was * (LIMITS | standard.get("limits", {}))["p50"]
    top = max(*values, limit, 0.001) * 1.1

    def y(value: float) -> str:
        return f"{LINE_HEIGHT * (1 - value / top):.1f}"

    step = LINE_WIDTH / max(1, len(runs) - 1)
    dots = [
        {
            "x": f"{LINE_LEFT + number * step:.1f}",
            "y": y(value),
            "kind": "bad" if was and value > limit else "ok",
            "title": f"{run['at']} {run['commit']}: {value:.2f}",
        }
        for number, (run, value) in enumerate(zip(runs, values, strict=True))
    ]
    return {
        "name": name,
        "dots": dots,
        "points": " ".join(f"{dot['x']},{dot['y']}" for dot in dots),
        "standard_y": y(was) if was else "",
        "limit_y": y(limit),
        "top": f"{top:.1f}",
        "first": runs[0]["commit"] if len(runs) > 1 else "",
        "last": runs[-1]["commit"],
    }
