"""Benchmark of WSGI against ASGI: waiting for other services, and pages that wait for none.

The same views, settings and number of processes: gunicorn's threads, and uvicorn's event
loop. The page that waits asks three services, each of which responds after 0.1 s. Rows and
options are those of plinth.benchmarks.pages. Needs the extra `asgi`.
"""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plinth import extras

from . import pages, servers

if TYPE_CHECKING:
    from .cases import Page

# Seconds.
DELAY = 0.1
SERVICES = 3
OPTIONS = ("--worker-class=plinth.server.asgi_worker.Worker",)
# Clients at a time: more than gunicorn has threads.
CONNECTIONS = 64


def find() -> "list[Page]":
    from .cases import Case, Page, all_pages

    found = all_pages()
    compared = [Case("Three services, 0.1 s each", "/health/dependencies/")]
    compared += [found[0].case]
    compared += [page.case for page in found if page.queries][:1]
    return [Page(case, [case.on("ASGI")]) for case in compared]


@contextmanager
def serve(folder: Path, names: set[str]) -> Iterator[pages.Running]:
    """Run the site by WSGI and by ASGI, and the services that it asks."""
    port = servers.free_port()
    urls = [f"http://127.0.0.1:{port}/{number}" for number in range(SERVICES)]
    # The servers read them. gunicorn's own worker trusts this address without being told.
    os.environ |= {
        "BENCHMARK_SERVICES": ",".join(urls),
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    service = multiprocessing.get_context("spawn").Process(
        target=respond_late, args=[port], daemon=True
    )
    service.start()
    try:
        with servers.serve(folder, {"site"}) as running:
            asgi = servers.Server(
                folder / "asgi.log", {}, *OPTIONS, application="config.asgi"
            )
            try:
                asgi.wait()
                yield running | {"ASGI": asgi}
            finally:
                asgi.process.terminate()
                asgi.wait_for_end()
    finally:
        service.terminate()


def respond_late(port: int) -> None:
    async def respond(reader: asyncio.StreamReader, writer: Any) -> None:
        # A load that ends closes its connections.
        with suppress(EOFError, OSError):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(DELAY)
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(respond, "127.0.0.1", port, backlog=1024)
        await server.serve_forever()

    asyncio.run(run())


def conclude(report: dict[str, Any]) -> str:
    lines = []
    for row in report["rows"]:
        if "page" in row:
            times = 1 / row["times"]
            lines.append(
                f"{row['page']}: ASGI serves {times:.2f} times WSGI's requests."
            )
    return "\n".join(lines)


if __name__ == "__main__":
    if extras.is_installed("asgi"):
        pages.main(find, serve, CONNECTIONS, conclude)
    else:
        sys.stdout.write("Skipped ASGI: it needs the extra asgi.\n")
