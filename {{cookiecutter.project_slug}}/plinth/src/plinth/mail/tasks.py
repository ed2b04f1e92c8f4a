"""Mail that a worker sends. Tasks are thin: they call what does the work."""

from typing import Any

from plinth.tasks.app import Task, app

from . import services


class PrivateTask(Task):
    """One whose arguments hold addresses and links: no monitor shows them."""

    def apply_async(
        self, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any
    ) -> Any:
        options |= {"argsrepr": "(...)", "kwargsrepr": "{...}"}
        return super().apply_async(args, kwargs, *rest, **options)


# For about three hours: after 5 s, 10 s, and so on to half an hour, each cut short by
# chance, so that not all that waited come at once. No longer, or a broker on Redis would
# hand the task to a second worker meanwhile.
@app.task(
    base=PrivateTask,
    autoretry_for=[services.UnavailableError],
    retry_backoff=5,
    retry_backoff_max=1800,
    retry_jitter=True,
    max_retries=18,
)
def deliver(**message: Any) -> None:
    services.deliver(services.Message(**message))
