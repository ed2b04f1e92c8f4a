"""gunicorn's worker class: `worker_class` in gunicorn.py."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from plinth.logs.formatters import request_id

type WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


class NoBody:
    """The body of a response to HEAD: it is closed, and never made."""

    def __init__(self, body: Any) -> None:
        self.close = getattr(body, "close", lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


def without_body_of_head(application: WSGI) -> WSGI:
    """Drop bodies that gunicorn would drop with a warning, after Django has made them."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = application(environ, start_response)
        return NoBody(body) if environ["REQUEST_METHOD"] == "HEAD" else body

    return wrapped


class Worker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker that closes its listeners as soon as it stops.

    gunicorn's own leaves them open until its last request has ended: the kernel accepts
    new connections meanwhile, which then wait and are reset. A refused connection fails
    over to another server at once.

    A request that gunicorn rejects is logged without the client's address, and without the id
    of the request that its thread has served before.
    """

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi: WSGI = without_body_of_head(self.wsgi)

    def handle(self, conn: Any) -> Any:
        # RequestLogMiddleware, which sets it, never sees a malformed request.
        request_id.set("-")
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        super().handle_error(req, client, ("***", 0), exc)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self.accept_all(listener)
                listener.close()

    def accept_all(self, listener: object) -> None:
        """Accept all connections of the backlog: the kernel has acknowledged them."""
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)
