"""Load on one page: each connection is persistent and sends a request after each response.

wrk generates it if it is installed, this module otherwise, which uses more CPU time of
the machine that is measured: results of the two clients are not comparable.
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

# Seconds until a request counts as failed.
TIMEOUT = 30


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    # Milliseconds.
    p99: float
    # Requests with an error status or without a response.
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
    """Run wrk, which takes whole seconds, at least one."""
    fields = [f"--header={name}: {value}" for name, value in headers.items()]
    done = subprocess.run(
        [
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={max(1, round(seconds))}s",
            f"--timeout={TIMEOUT}s",
            f"--script={REPORT}",
            *fields,
            url,
        ],
        capture_output=True,
        text=True,
        check=True,
        # Ctrl-C is for the benchmark, which stops its subprocesses.
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
    # The certificate is self-signed.
    tls = ssl._create_unverified_context() if parts.scheme == "https" else None  # noqa: SLF001, S323
    start = time.perf_counter()
    times: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port, ssl=tls
        )
        while (sent := time.perf_counter()) < start + seconds:
            writer.write(request)
            async with asyncio.timeout(TIMEOUT):
                failed += await read_status(reader) >= 400
            times.append(time.perf_counter() - sent)
        writer.close()

    clients = [client() for _ in range(connections)]
    ends = await asyncio.gather(*clients, return_exceptions=True)
    for end in ends:
        if isinstance(end, (OSError, EOFError, TimeoutError)):
            failed += 1
        elif end:
            raise end
    elapsed = time.perf_counter() - start
    p99 = quantiles(times, n=100)[98] if len(times) > 1 else sum(times)
    return Load(len(times), elapsed, p99 * 1000, failed)


async def read_status(reader: asyncio.StreamReader) -> int:
    """Read a whole response; return its status."""
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
