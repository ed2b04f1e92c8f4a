"""The kind of process that serves requests."""

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker with threads, which refuses connections from when it stops.

    Gunicorn's own leaves its port open until its last request has ended: who connects
    meanwhile is let in by the kernel, waits, and is cut off. Who is refused goes to
    another server at once.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self.accept_all(listener)
                listener.close()

    def accept_all(self, listener: object) -> None:
        """Take those who have connected already: they count on an answer."""
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)
