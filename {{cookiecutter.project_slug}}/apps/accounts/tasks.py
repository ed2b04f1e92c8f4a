"""What a worker does for accounts. Tasks are thin: they call what does the work."""

from plinth.tasks.app import SensitiveTask, app

from . import services


@app.task(base=SensitiveTask)
def send_password_reset(email: str, origin: str) -> None:
    services.send_password_reset(email, origin)
