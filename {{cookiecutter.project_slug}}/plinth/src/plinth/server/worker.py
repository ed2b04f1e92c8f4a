"""gunicorn's worker class: `worker_class` in gunicorn.py."""

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker that closes its listeners as soon as it stops.

    gunicorn's own leaves them open until its last request has ended: the kernel accepts
    new connections meanwhile, which then wait and are reset. A refused connection fails
    over to another server at once.
    """

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
