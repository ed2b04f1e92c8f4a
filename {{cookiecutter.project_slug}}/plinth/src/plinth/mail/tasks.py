from typing import Any

from plinth.tasks.app import SensitiveTask, app
from plinth.tasks.defaults import LONGEST_BACKOFF

from . import services


# Up to 18 retries in about three hours, with exponential backoff of 5 s, 10 s... and
# jitter. A longer backoff would exceed the visibility timeout of Redis.
@app.task(
    base=SensitiveTask,
    autoretry_for=[services.TransientDeliveryError],
    retry_backoff=5,
    retry_backoff_max=LONGEST_BACKOFF,
    retry_jitter=True,
    max_retries=18,
)
def deliver(**message: Any) -> None:
    """Deliver a message; transient failures are retried."""
    services.deliver(services.Message(**message))
