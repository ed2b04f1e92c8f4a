"""Load on one page: requests over connections that are kept, each after its answer.

wrk makes it where it is installed. Otherwise this module does, in the benchmark's own
process; it takes more of the processor that the site is measured on, so that numbers of
the two don't compare.
"""

import asyncio
import json
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

REPORT = Path(__file__).with_name("report.lua")

# Seconds until an answer counts as failed.
PATIENCE = 30


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    # Milliseconds that 99 of 100 answers took at most.
    p99: float
    # Of the requests: another status than a good one, or no answer.
    failed: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def by_wrk(
    url: str, headers: Mapping[str, str], seconds: float, connections: int
) -> Load:
    """Whole seconds only, at least one."""
    fields = [f"--header={name}: {value}" for name, value in headers.items()]
    done = subprocess.run(
        [
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={max(1, round(seconds))}s",
            f"--timeout={PATIENCE}s",
            f"--script={REPORT}",
            *fields,
            url,
        ],
        capture_output=True,
        text=True,
        check=True,
        # Ctrl-C is for the benchmark, which ends what it started.
        start_new_session=True,
    )
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def by_python(
    url: str, headers: Mapping[str, str], seconds: float, connections: int
) -> Load:
    return asyncio.run(requests(url, headers, seconds, connections))


async def requests(
    url: str, headers: Mapping[str, str], seconds: float, connections: int
) -> Load:
    parts = urlsplit(url)
    target = parts._replace(scheme="", netloc="").geturl()
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    # Its certificate is of nobody's making.
    tls = ssl._create_unverified_context() if parts.scheme == "https" else None  # noqa: SLF001, S323
    start = time.perf_counter()
    times: list[float] = []
    failed = 0

    async def visitor() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port, ssl=tls
        )
        while (asked := time.perf_counter()) < start + seconds:
            writer.write(request)
            async with asyncio.timeout(PATIENCE):
                failed += await read_status(reader) >= 400
            times.append(time.perf_counter() - asked)
        writer.close()

    visitors = [visitor() for _ in range(connections)]
    ends = await asyncio.gather(*visitors, return_exceptions=True)
    for end in ends:
        if isinstance(end, (OSError, EOFError, TimeoutError)):
            failed += 1
        elif end:
            raise end
    elapsed = time.perf_counter() - start
    p99 = quantiles(times, n=100)[98] if len(times) > 1 else sum(times)
    return Load(len(times), elapsed, p99 * 1000, failed)


async def read_status(reader: asyncio.StreamReader) -> int:
    """Return the status of an answer, and read all of it."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(None, 2)[1])
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        size = -1
        while size:
            size = int(await reader.readline(), 16)
            await reader.readexactly(size + len(b"\r\n"))
    elif length := re.search(rb"\r\ncontent-length: (\d+)", head):
        await reader.readexactly(int(length[1]))
    return status
