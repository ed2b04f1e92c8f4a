"""Benchmark of each middleware: the microseconds that it adds to a request.

In one process, without a server: a probe on either side of a middleware adds up the CPU time
below it, so the difference is the middleware's own. The view is bare, its page too small to
be compressed. What a middleware does in `process_view` counts as the view's.
"""

from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from statistics import median
from time import thread_time

import django
from rich.console import Console
from rich.table import Table

from plinth.benchmarks import servers

ROUNDS = 9
REQUESTS = 500

PROBE = "plinth.benchmarks.middleware.probe"
# Seconds below each probe. Django loads the innermost first.
totals: list[float] = []


def probe[Request, Response](
    get_response: Callable[[Request], Response],
) -> Callable[[Request], Response]:
    """Middleware that adds up the time of what is below it."""
    number = len(totals)
    totals.append(0.0)

    def middleware(request: Request) -> Response:
        start = thread_time()
        response = get_response(request)
        totals[number] += thread_time() - start
        return response

    return middleware


def start_response(*args: object) -> Callable[[bytes], object]:
    return bytes


def measure() -> dict[str, float]:
    """Return microseconds a request, by middleware; those of the rest under ""."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import RequestFactory

    paths = list(settings.MIDDLEWARE)
    settings.MIDDLEWARE = [PROBE, *(each for path in paths for each in (path, PROBE))]
    application = WSGIHandler()
    request = RequestFactory(headers={"host": "localhost"}).get("/bare/", secure=True)

    def load() -> list[float]:
        totals[:] = [0.0] * len(totals)
        for _ in range(REQUESTS):
            application(request.environ.copy(), start_response).close()
        inner = [total / REQUESTS * 1e6 for total in totals]
        # From the innermost: the view, then each middleware without what is below it.
        return [inner[0], *(b - a for a, b in pairwise(inner))]

    load()
    rounds = [load() for _ in range(ROUNDS)]
    costs = [median(each) for each in zip(*rounds, strict=True)]
    return dict(zip(["", *reversed(paths)], costs, strict=True))


def main() -> None:
    with servers.folder() as folder, servers.environment(folder):
        (folder / "page").write_text("<p>Hello</p>")
        django.setup()
        from django.conf import settings

        # The access log's lines are formatted, and go nowhere.
        settings.LOGGING["handlers"]["console"]["stream"] = (folder / "log").open("w")
        django.setup()
        costs = measure()
    view = costs.pop("")
    table = Table("Middleware", "µs", title="Cost of each middleware")
    for path, cost in reversed(costs.items()):
        table.add_row(path, f"{cost:.1f}")
    ours = sum(cost for path, cost in costs.items() if not path.startswith("django."))
    base = view + sum(costs.values()) - ours
    table.add_section()
    table.add_row("Django's own, with a bare view", f"{base:.1f}")
    table.add_row("the others", f"{ours:.1f}")
    console = Console()
    console.print(table)
    console.print(f"The others add {ours / base:.0%} to Django's own.")


if __name__ == "__main__":
    # Not this module, which is __main__: Django imports the probe by its name.
    import_module("plinth.benchmarks.middleware").main()
