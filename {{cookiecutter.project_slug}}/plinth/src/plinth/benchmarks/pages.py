"""Benchmark of each page under production settings, and without each of its practices.

Rounds alternate between a page and its variants, so that a busy machine slows all of them
alike: compare the rows of one table, not results of two runs or two machines. Exits with
1 if a response is an error, never because one is slow.
"""

import argparse
import json
import math
import os
import platform
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import django
from rich.console import Console
from rich.table import Table

from . import load, servers
from .load import Load

if TYPE_CHECKING:
    from .cases import Case, Page

Running = dict[str, servers.Server]

# Seconds of load that are not measured, and requests whose queries are counted.
WARM_UP = 0.3
COUNTED = 5


@dataclass
class Row:
    """The results of a case, and of the page that it is compared with."""

    case: "Case"
    page: "Row | None"
    # None: the server does not count them.
    queries: int | None = None
    size: int = 0
    loads: list[Load] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        rates = [one.rate for one in self.loads]
        facts = {
            "name": self.case.name,
            "path": self.case.path,
            "queries": self.queries,
            "bytes": self.size,
            "requests_per_second": round(median(rates), 1),
            "slowest_round": round(min(rates), 1),
            "quickest_round": round(max(rates), 1),
            "p99_ms": round(median(one.p99 for one in self.loads), 2),
            "failed": sum(one.failed for one in self.loads),
        }
        if self.page:
            pairs = zip(self.page.loads, self.loads, strict=True)
            times = median(page.rate / one.rate for page, one in pairs)
            facts |= {"page": self.page.case.name, "times": round(times, 3)}
        return facts


def main(
    find: Callable[[], list["Page"]] | None = None,
    serve: Callable[[Path, set[str]], AbstractContextManager[Running]] = servers.serve,
    connections: int = 8,
    conclude: Callable[[dict[str, Any]], str] | None = None,
) -> None:
    """Measure these pages on these servers, by default the site's own.

    Below the table stands what `conclude` says of the report.
    """
    arguments = parse(connections)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    console = Console(stderr=True)
    try:
        with console.status("") as status:
            report = run(arguments, status.update, find, serve)
    except KeyboardInterrupt:
        sys.exit("Stopped and cleaned up.")
    if arguments.format == "json":
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        show(report)
        if conclude:
            sys.stdout.write(f"\n{conclude(report)}\n")
    if failed := [row["name"] for row in report["rows"] if row["failed"]]:
        sys.exit(f"Requests failed: {', '.join(failed)}.")


def stop(*_: object) -> None:
    """Clean up, which another signal must not interrupt."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def parse(connections: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=natural, default=3)
    parser.add_argument("--seconds", type=duration, default=2, help="of each load")
    parser.add_argument("--connections", type=natural, default=connections)
    parser.add_argument("--only", default="", help="pages with this in their names")
    parser.add_argument("--client", choices=["wrk", "python"])
    parser.add_argument("--format", choices=["table", "json"], default="table")
    arguments = parser.parse_args()
    arguments.client = arguments.client or ("wrk" if load.has_wrk() else "python")
    if arguments.client == "wrk" and not load.has_wrk():
        parser.error("wrk is not installed")
    return arguments


def natural(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or more")
    return int(text)


def duration(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration")
    return seconds


def run(
    arguments: argparse.Namespace,
    say: Callable[[str], None],
    find: Callable[[], list["Page"]] | None,
    serve: Callable[[Path, set[str]], AbstractContextManager[Running]],
) -> dict[str, Any]:
    """Measure the pages, and clean up."""
    with ExitStack() as stack:
        folder = stack.enter_context(servers.folder())
        stack.enter_context(servers.environment(folder))
        say("Collecting static files, filling a database")
        django.setup()
        stack.callback(clean_up)
        rows, first = prepare(arguments.only, find)
        say("Starting the servers")
        running = stack.enter_context(
            serve(folder, {"site", *(row.case.server for row in rows)})
        )
        (folder / "page").write_bytes(running["site"].get(first, {}).body)
        for row in rows:
            say(f"Warming up: {row.case.name}")
            warm_up(row, running[row.case.server], arguments)
        for number in range(1, arguments.rounds + 1):
            # Every other round in reverse order, so that no row is always the first.
            for row in rows if number % 2 else reversed(rows):
                say(f"Round {number} of {arguments.rounds}: {row.case.name}")
                server = running[row.case.server]
                row.loads.append(put_load(row.case, server, arguments))
                os.truncate(server.log, 0)
        return {"run": conditions(arguments), "rows": [row.facts() for row in rows]}


def prepare(
    only: str, find: Callable[[], list["Page"]] | None
) -> tuple[list[Row], str]:
    """Fill the database; return the rows to measure, and the path of the first page."""
    from django.core.management import call_command

    from plinth.health.probes import probe_cache

    try:
        probe_cache()
    except ConnectionError:
        sys.exit("The cache does not respond: start it, or unset REDIS_URL.")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)

    from .cases import all_pages

    pages = (find or all_pages)()
    rows = []
    for page in pages:
        if only.lower() in page.case.name.lower():
            row = Row(page.case, page=None)
            rows += [row, *(Row(other, page=row) for other in page.others)]
    if not rows:
        names = ", ".join(page.case.name for page in pages)
        sys.exit(f"No page has {only!r} in its name: {names}.")
    return rows, pages[0].case.path


def clean_up() -> None:
    """Delete the keys in Redis, and close the database connections."""
    from django.core.cache import caches
    from django.db import connections

    for cache in caches.all():
        if hasattr(cache, "delete_pattern"):
            # Redis may be down by now.
            with suppress(Exception):
                cache.delete_pattern("*")
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def warm_up(row: Row, server: servers.Server, arguments: argparse.Namespace) -> None:
    """Load the page in every worker of the server, and check its status."""
    case = row.case
    headers = servers.BEHIND_PROXY | case.headers
    seconds = min(WARM_UP, arguments.seconds)
    load.by_python(server.url + case.path, headers, seconds, arguments.connections)
    responses = [server.get(case.path, case.headers) for _ in range(COUNTED)]
    for response in responses:
        if response.status != case.status:
            sys.exit(
                f"{case.name}: {case.path} responds {response.status}, not {case.status}: "
                f"{server.last_line()}"
            )
    counts = [one.queries for one in responses if one.queries is not None]
    row.queries = min(counts, default=None)
    row.size = len(responses[0].body)


def put_load(
    case: "Case", server: servers.Server, arguments: argparse.Namespace
) -> Load:
    """Load the page for the given seconds, or longer until there is a first response."""
    generate = load.by_wrk if arguments.client == "wrk" else load.by_python
    url, headers = server.url + case.path, servers.BEHIND_PROXY | case.headers
    seconds = arguments.seconds
    connections = arguments.connections
    while not (found := generate(url, headers, seconds, connections)).requests:
        seconds *= 2
        if seconds > load.TIMEOUT:
            sys.exit(f"{case.name}: no response in {load.TIMEOUT} seconds.")
    return found


def machine() -> dict[str, Any]:
    """Return what a run was measured on: CPUs, versions, database, cache."""
    from django.conf import settings
    from django.db import connection

    database = ".".join(map(str, connection.get_database_version()))
    packages = ("django", "gunicorn")
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "database": f"{connection.display_name} {database}",
        "cache": "Redis" if settings.REDIS_URL else "local memory",
    }


def conditions(arguments: argparse.Namespace) -> dict[str, Any]:
    return machine() | {
        "client": arguments.client,
        "connections": arguments.connections,
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
    }


def show(report: dict[str, Any]) -> None:
    console = Console()
    # Fits 80 columns.
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("queries", "requests/s", "rounds", "p99 ms", "KB", "times"):
        table.add_column(heading, justify="right")
    for row in report["rows"]:
        table.add_row(
            f"  {row['name']}" if "page" in row else row["name"],
            "" if row["queries"] is None else str(row["queries"]),
            f"{row['requests_per_second']:,.0f}",
            f"{row['slowest_round']:,.0f}-{row['quickest_round']:,.0f}",
            f"{row['p99_ms']:,.1f}",
            f"{row['bytes'] / 1000:,.1f}",
            f"{row['times']:.2f}" if "page" in row else "",
            style="dim" if "page" in row else "bold",
        )
    console.print(table)
    run = report["run"]
    console.print(
        "\nrequests/s: median, slowest and fastest of the rounds.\n"
        "times: requests of the page per request of that row.\n"
        f"{run['rounds']} rounds of {run['seconds']:g} s, {run['connections']}"
        f" connections; load by {run['client']}, on the same {run['cpus']} CPUs.\n"
        f"{run['database']}, cache: {run['cache']}; Python {run['python']},"
        f" Django {run['django']}, gunicorn {run['gunicorn']}.\n"
        "Compare rows of one table only.",
        highlight=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
