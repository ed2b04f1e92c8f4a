"""The site's WSGI application, which counts a response's queries on request.

Requests without the header X-Count-Queries, as those of the load, are passed through.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from importlib import import_module
from typing import Any

from django.db import connections

Environment = dict[str, Any]
Headers = list[tuple[str, str]]
Write = Callable[[bytes], object]

site: Callable[..., Iterable[bytes]] = import_module("config.wsgi").application


def application(
    environ: Environment, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    if "HTTP_X_COUNT_QUERIES" not in environ:
        return site(environ, start_response)
    queries: list[str] = []
    started: tuple[str, Headers] = ("", [])

    def count(execute: Callable[..., Any], sql: str, *details: Any) -> Any:
        queries.append(sql)
        return execute(sql, *details)

    def start(status: str, headers: Headers, error: Any = None, /) -> Write:
        nonlocal started
        started = status, headers
        return lambda data: None

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(count))
        answer = site(environ, start)
        # All of it: a streaming response queries while it is sent.
        body = b"".join(answer)
        getattr(answer, "close", bool)()
    status, headers = started
    start_response(status, [*headers, ("X-Queries", str(len(queries)))])
    return [body]
