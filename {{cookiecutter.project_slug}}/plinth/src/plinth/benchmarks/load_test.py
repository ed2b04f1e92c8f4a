"""Load test: journeys of visitors against a recorded standard: `make load`.

Exits with 1 if a journey is slower than the standard's or has more errors, with 2 if it can't
compare them: the standard is of another database or cache, or the machine is busy.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median
from typing import Any

import django
from rich.console import Console
from rich.table import Table

from plinth.server.resources import cpus

from . import pages, queueing, report, servers, standard
from .pages import duration, natural

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
# Not in git: a run leaves the tree clean, and absolute times are those of one machine. The
# recorded standard is in git, so its own history has the changes that were meant.
FOLDER = Path(".load")
# The exit code of a run that can't be compared.
UNDECIDED = 2
# Of the capacity, while the queueing model is compared with a run.
UTILISATION = 0.6
PASSWORD = "LOAD_PASSWORD"  # noqa: S105 (its name)


def parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the standard")
    parser.add_argument("--standard", type=Path, default=Path("load.json"))
    parser.add_argument("--rounds", type=natural, default=10)
    parser.add_argument("--seconds", type=duration, default=1, help="of each block")
    parser.add_argument("--users", type=natural, help="at a time; 4 for each CPU")
    parser.add_argument("--only", default="", help="journeys with this in their names")
    parser.add_argument("--host", help="a deployed site, by locust and its options")
    parser.add_argument(
        "--writes", action="store_true", help="sign in there, send forms"
    )
    arguments, rest = parser.parse_known_args()
    if rest and not arguments.host:
        parser.error(f"unknown: {' '.join(rest)}")
    return arguments, rest


def main() -> None:
    arguments, rest = parse()
    if not find_spec("locust"):
        sys.exit("locust is not installed: make .venv/load")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pages.stop)
    account = {n: os.environ[n] for n in ("LOAD_EMAIL", PASSWORD) if n in os.environ}
    try:
        with servers.folder() as folder, servers.environment(folder):
            if arguments.host:
                os.environ |= account
                sys.exit(deployed(arguments, rest))
            seen = measure(arguments, folder)
            machine = pages.machine()
    except KeyboardInterrupt:
        sys.exit("Stopped and cleaned up.")
    sys.exit(conclude(arguments, machine, seen))


def deployed(arguments: argparse.Namespace, options: list[str]) -> int:
    """Run locust against a deployed site; return its exit code, 1 where requests fail."""
    if arguments.writes and PASSWORD not in os.environ:
        sys.exit(f"Set LOAD_EMAIL and {PASSWORD}: an account there to sign in with.")
    if arguments.writes:
        os.environ["LOAD_WRITES"] = "1"
    FOLDER.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}", "--headless"),
        *(f"--host={arguments.host.rstrip('/')}", f"--users={arguments.users or 10}"),
        *("--run-time=60s", "--only-summary", f"--html={FOLDER / 'deployed.html'}"),
        *options,
    ]
    return subprocess.run(command, check=False).returncode


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Serve the site and the calibration page; return what locust saw."""
    console = Console(stderr=True)
    with ExitStack() as stack:
        status = stack.enter_context(console.status("Filling a database"))
        django.setup()
        stack.callback(pages.clean_up)
        pages.prepare("", None)
        users = arguments.users or 4 * cpus()
        os.environ[PASSWORD] = secrets.token_urlsafe()
        make_accounts(users, os.environ[PASSWORD])
        status.update("Starting the servers")
        running = stack.enter_context(servers.serve(folder, {"site", "no middleware"}))
        named = {"site": running["site"], "bare": running["no middleware"]}
        run = {
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "utilisation": UTILISATION,
            "users": users,
            **{n: {"url": s.url, "pid": s.process.pid} for n, s in named.items()},
        }
        # Apps have their models by now.
        from .journeys import all_journeys

        names = [journey.name for journey in all_journeys()]
        chosen = [n for n in names if arguments.only.lower() in n.lower()]
        if not chosen:
            sys.exit(
                f"No journey has {arguments.only!r} in its name: {', '.join(names)}."
            )
        status.update(f"Running journeys, {arguments.rounds} rounds")
        seen = locust(run | {"journeys": chosen}, running["site"])
        before = {} if arguments.record else standard.read(arguments.standard)
        if doubtful := standard.worse(before, seen["journeys"]):
            status.update(f"Measuring again: {', '.join(doubtful)}")
            again = locust(run | {"journeys": doubtful}, running["site"])
            seen["again"] = again["journeys"]
    return seen


def locust(run: dict[str, Any], site: servers.Server) -> dict[str, Any]:
    """Run journeys in a process of its own; return what it saw."""
    done = subprocess.run(
        [sys.executable, "-m", "plinth.benchmarks.locustfile", json.dumps(run)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"locust failed. The site's last line: {site.last_line()}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def make_accounts(number: int, password: str) -> None:
    """Create the users that journeys sign in as."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    model = get_user_model()
    hashed = make_password(password)
    for each in range(number):
        name = {model.USERNAME_FIELD: f"load-{each}@example.com"}
        model(**name, password=hashed).save()


def conclude(
    arguments: argparse.Namespace, machine: dict[str, Any], seen: dict[str, Any]
) -> int:
    """Compare with the standard, or record it; write the report and the history."""
    rounds = seen["journeys"]
    found = {name: standard.relative(each) for name, each in rounds.items()}
    for name, each in seen.get("again", {}).items():
        found[name] = standard.better(found[name], standard.relative(each))
    before = standard.read(arguments.standard)
    recorded = before.get("recorded", {})
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **commit(),
        **machine,
    }
    partly = bool(arguments.only)
    entry["users"] = arguments.users or 4 * cpus()
    busy = standard.unrest(rounds) > standard.BUSY
    code, failed = 0, []
    recording = arguments.record or not before
    if recording and (lines := [*standard.errors(before, found)]):
        code, failed = 1, lines
    elif recording:
        standard.write(arguments.standard, entry, found)
        lines = [
            f"Recorded {arguments.standard}. Commit it: the next run compares with it."
        ]
    elif differs := [
        n for n in ("database", "cache") if kind(recorded[n]) != kind(machine[n])
    ]:
        name = differs[0]
        sys.stderr.write(
            f"The standard is of {recorded[name]}, this run of {machine[name]}: start the "
            "same, or record again with ARGS=--record.\n"
        )
        return UNDECIDED
    elif lines := [*standard.failures(before, found, partly=partly)]:
        failed = [
            *standard.failures(before, found, partly=partly, times=not busy),
        ]
        code = 1 if failed else UNDECIDED
    else:
        lines = ["No journey is worse than the standard."]
    if busy:
        lines.append("The machine is busy: times are uncertain until it is idle.")
    entry |= {"prediction": prediction(seen)}
    entry |= {
        "code": code,
        "failures": failed,
        "lines": lines,
        "journeys": found,
        "absolute": {n: standard.absolute(e) for n, e in rounds.items()},
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    with (FOLDER / "history.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")
    history = (FOLDER / "history.jsonl").read_text().splitlines()
    html = report.page(
        [json.loads(line) for line in history],
        {"journeys": {}} | standard.read(arguments.standard),
    )
    (FOLDER / "report.html").write_text(html)
    show(arguments, entry, before)
    sys.stdout.write("\n".join([*lines, f"Report: {FOLDER / 'report.html'}\n"]))
    return code


def kind(name: str) -> str:
    """Return a server's name without its version."""
    return name.split(maxsplit=1)[0]


def commit() -> dict[str, Any]:
    """Return the commit, and whether files differ from it; empty without git."""
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return {"commit": ""}
    return {"commit": done.stdout.strip()}


def prediction(seen: dict[str, Any]) -> dict[str, float]:
    """Return response times of the calibration page as the queueing model predicts them, and
    as they were with requests at random times. Milliseconds.
    """
    servers = cpus()
    alone = [
        step[2] for each in seen["journeys"].values() for s in each["one"] for step in s
    ]
    # At its capacity each CPU serves without a pause: that is the time that a request costs.
    factor = servers / seen["capacity"] / mean(alone)
    times = queueing.simulate(seen["rate"], [each * factor for each in alone], servers)
    pairs = (
        ("predicted", [each * 1000 for each in times]),
        ("measured", seen["times"]),
    )
    return {
        "rate": round(seen["rate"], 1),
        **{
            f"{title}_{name}": round(standard.quantile(each, number), 2)
            for title, each in pairs
            for name, number in (("p50", 50), ("p95", 95))
        },
    }


def show(
    arguments: argparse.Namespace, entry: dict[str, Any], before: dict[str, Any]
) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in (
        "p50 ms",
        "p95",
        "p99",
        "requests/s",
        "CPU ms",
        "errors",
        "p50 / standard",
    ):
        table.add_column(heading, justify="right")
    for name, seen in entry["absolute"].items():
        now, was = entry["journeys"][name], before.get("journeys", {}).get(name)
        table.add_row(
            name,
            *(f"{seen[p]:,.1f}" for p in standard.TIMES),
            f"{seen['requests_per_second']:,.0f}",
            f"{seen['cpu_ms']:.2f}",
            f"{now['errors']:.2%}",
            f"{now['p50'] / was['p50']:.2f}" if was else "new",
        )
    console = Console()
    console.print(table)
    bare = median(seen["calibration_ms"] for seen in entry["absolute"].values())
    console.print(
        "\nTimes are those of whole journeys, with one user; requests/s, and the server's CPU "
        f"time for each, with {arguments.users or 4 * cpus()} at a time.\n"
        f"The calibration page takes {bare:.2f} ms. {entry['database']}, cache: "
        f"{entry['cache']}; {entry['cpus']} CPUs, which locust shares.\n"
        "Queueing model, calibration page, {rate:.0f} requests/s at random times: p50 "
        "{predicted_p50:.1f} ms predicted, {measured_p50:.1f} measured; p95 "
        "{predicted_p95:.1f} predicted, {measured_p95:.1f} measured.".format(
            **entry["prediction"]
        ),
        highlight=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
