"""State of the services that the site calls, asked all at once."""

import asyncio
import logging
import ssl
import time
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)

# Seconds until a service counts as failing.
TIMEOUT = 2
# Services that one request asks at a time.
LIMIT = 20


async def check_all(urls: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Ask each URL; return its state and milliseconds by name.

    It takes as long as the slowest, TIMEOUT at most, for each LIMIT services. One that
    fails changes nothing for the others.
    """
    limit = asyncio.Semaphore(LIMIT)
    states = (check(name, url, limit) for name, url in urls.items())
    return dict(zip(urls, await asyncio.gather(*states), strict=True))


async def check(name: str, url: str, limit: asyncio.Semaphore) -> dict[str, Any]:
    async with limit:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                status = await get_status(url)
            is_ok = status < HTTPStatus.BAD_REQUEST
            problem = f"status {status}"
        except Exception as error:  # noqa: BLE001 (whatever it is, the others are answered)
            is_ok, problem = False, repr(error)
        seconds = time.perf_counter() - start
    if not is_ok:
        logger.warning("The service %s is failing: %s", name, problem)
    return {"status": "ok" if is_ok else "failing", "ms": round(seconds * 1000, 1)}


async def get_status(url: str) -> int:
    """Return the status of a GET request. Redirects are not followed, bodies not read."""
    parts = urlsplit(url)
    host, is_https = parts.hostname, parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        host,
        parts.port or (443 if is_https else 80),
        ssl=verified() if is_https else None,
    )
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        lines += ["User-Agent: django-plinth", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode("ascii"))
        version, status, *_ = (await reader.readline()).split()
        if not version.startswith(b"HTTP/1."):
            raise ValueError(version)
        return int(status)
    finally:
        writer.close()


@cache
def verified() -> ssl.SSLContext:
    """The certificate authorities, which take long to load."""
    return ssl.create_default_context()
