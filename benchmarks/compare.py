"""Django projects side by side, each under its own server: requests per second and memory.

    python benchmarks/compare.py FOLDER [--description benchmarks/compare.toml]

The description says which projects lie in FOLDER, how to bake them, and how each is served. A
round loads every page of every project with wrk, every other round in reverse order; the table
has medians. Compare rows of one run only. Needs Linux, psql, wrk, PostgreSQL and Redis.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO, NoReturn
from urllib.parse import urlsplit

from bench import ENVIRONMENT, free_port

# As set by nginx: production redirects plain http.
PROXY_HEADER = "X-Forwarded-Proto", "https"


class Sink(BaseHTTPRequestHandler):
    """A Sentry that accepts every envelope."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class Site:
    """One variant of a project: its server, and what was measured of it."""

    def __init__(
        self, command: str, folder: Path, variables: dict[str, str], log: BinaryIO
    ) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self.command, self.log = command, log
        self.server = subprocess.Popen(
            shlex.split(command),
            cwd=folder,
            env=variables,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def stop(self) -> None:
        if self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGTERM)
        self.server.wait(60)

    def fail(self, reason: object) -> NoReturn:
        self.log.seek(0)
        sys.exit(f"{self.command}: {reason}\n{self.log.read().decode()[-2000:]}")

    def wait(self, url: str) -> None:
        """Wait until a page answers with 200."""
        request = urllib.request.Request(url, headers=dict([PROXY_HEADER]))
        while self.server.poll() is None:
            try:
                urllib.request.urlopen(request, timeout=60).close()
            except urllib.error.HTTPError as error:
                self.fail(f"{url}: {error}")
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.fail("the server stopped")

    def processes(self) -> list[Path]:
        """The folders of the server's processes in /proc: the master, then its workers."""
        master = Path(f"/proc/{self.server.pid}")
        children = (master / "task" / master.name / "children").read_text()
        return [master, *(master.with_name(child) for child in children.split())]

    def cpu_seconds(self) -> float:
        stats = [(each / "stat").read_text() for each in self.processes()]
        times = [stat.rpartition(")")[2].split()[11:15] for stat in stats]
        # utime and stime of each, and of the master those of workers that it has replaced.
        ticks = sum(map(int, times[0])) + sum(int(a) + int(b) for a, b, *_ in times[1:])
        return ticks / os.sysconf("SC_CLK_TCK")

    def megabytes(self, kind: str) -> list[float]:
        texts = [(each / "smaps_rollup").read_text() for each in self.processes()]
        return [int(text.split(f"\n{kind}:")[1].split()[0]) / 1024 for text in texts]

    def load(self, page: str, url: str, seconds: int, connections: int) -> None:
        before = self.cpu_seconds()
        command = [
            *("wrk", "--threads=1", f"--connections={connections}"),
            *(f"--duration={seconds}s", f"--header={': '.join(PROXY_HEADER)}", url),
        ]
        report = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        done = re.search(r"([1-9]\d*) requests in", report)
        if "Non-2xx" in report or not done:
            self.fail(report)
        self.values[f"{page} /s"].append(
            float(report.split("Requests/sec:")[1].split()[0])
        )
        self.values[f"{page} ms"].append(
            (self.cpu_seconds() - before) / int(done[1]) * 1000
        )

    def weigh(self) -> None:
        shared = self.megabytes("Pss")
        self.values["RSS MB"].append(median(self.megabytes("Rss")[1:]))
        self.values["PSS MB"].append(median(shared[1:]))
        self.values["all MB"].append(sum(shared))


def start(
    stack: ExitStack, options: argparse.Namespace, plan: dict[str, Any]
) -> Iterator[tuple[str, Site, dict[str, str]]]:
    """Start every variant of the projects, each project with an empty database of its own.

    Yields its name, its site and the URLs of its pages.
    """
    sink = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Sink))
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    stack.callback(sink.shutdown)

    def sql(statement: str) -> None:
        subprocess.run(["psql", "-q", options.postgres, "-c", statement], check=True)

    for name, project in plan["projects"].items():
        folder = options.folder.resolve() / project["folder"]
        database = f"compare_{os.getpid()}_{name.lower()}"
        sql(f"CREATE DATABASE {database}")
        stack.callback(sql, f"DROP DATABASE {database} WITH (FORCE)")
        prepare = project["prepare"]
        for variant, more in project["variants"].items():
            names = {
                "database": urlsplit(options.postgres)
                ._replace(path=f"/{database}")
                .geturl(),
                "redis": options.redis,
                "sink": f"http://key@127.0.0.1:{sink.server_port}/1",
                "port": free_port(),
                "metrics_port": free_port(),
            }
            chosen = (project["environment"] | more).items()
            variables = ENVIRONMENT | {
                key: text.format_map(names) for key, text in chosen
            }
            while prepare:
                command = shlex.split(prepare.pop(0))
                subprocess.run(command, cwd=folder, env=variables, check=True)
            log = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            site = Site(project["command"].format_map(names), folder, variables, log)
            stack.callback(site.stop)
            root = f"http://127.0.0.1:{names['port']}"
            urls = {page: f"{root}{path}" for page, path in project["pages"].items()}
            for url in urls.values():
                site.wait(url)
            yield f"{name}, {variant}", site, urls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--description", type=Path, default=Path(__file__).with_suffix(".toml")
    )
    parser.add_argument(
        "--postgres", default="postgres://postgres@127.0.0.1:5432/postgres"
    )
    parser.add_argument("--redis", default="redis://127.0.0.1:6379")
    options = parser.parse_args()
    plan = tomllib.loads(options.description.read_text())
    rounds, seconds, connections = plan["rounds"], plan["seconds"], plan["connections"]
    with ExitStack() as stack:
        started = list(start(stack, options, plan))
        loads = [(site, *page) for _, site, urls in started for page in urls.items()]
        for site, page, url in loads:
            site.load(page, url, 1, connections)  # warms its caches
            site.values.clear()
        busy = []
        for number in range(rounds):
            for site, page, url in reversed(loads) if number % 2 else loads:
                site.load(page, url, seconds, connections)
            for _, site, _ in started:
                site.weigh()
            busy.append(os.getloadavg()[0])
    values = {name: site.values for name, site, _ in started}
    print(f"{'':28}", *(f"{column:>10}" for column in site.values))
    for name, columns in values.items():
        print(f"{name:28}", *(f"{median(column):10.2f}" for column in columns.values()))
    print(
        f"Medians of {rounds} rounds of {seconds} s in turn; {connections} connections,"
        f" {os.cpu_count()} CPUs, load average {min(busy):.1f} to {max(busy):.1f}.\n"
        "ms: CPU time of the server a request. RSS: memory of a worker, with all that it"
        " shares; PSS: with its part of that; all: PSS of the server's processes."
    )
    for aim in plan.get("aims", []):
        row, other = (values[aim[side]][aim["column"]] for side in ("row", "of"))
        ratio = median(one / two for one, two in zip(row, other, strict=True))
        met = aim.get("least", ratio) <= ratio <= aim.get("most", ratio)
        bounds = ", ".join(
            f"{key} {aim[key]}" for key in ("least", "most") if key in aim
        )
        print(
            f"{aim['column']}, {aim['row']} / {aim['of']}: {ratio:.2f} ({bounds})"
            f" {'met' if met else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
