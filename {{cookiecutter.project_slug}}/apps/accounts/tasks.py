"""What a worker does for accounts. Tasks are thin: they call what does the work."""

from plinth.mail.tasks import PrivateTask
from plinth.tasks.app import app

from . import services


@app.task(base=PrivateTask)
def send_password_reset(email: str, origin: str) -> None:
    services.send_password_reset(email, origin)
