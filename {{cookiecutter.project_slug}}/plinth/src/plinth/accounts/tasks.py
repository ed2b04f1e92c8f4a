"""Background work of accounts. Tasks are thin: they call services."""

from plinth.tasks.app import SensitiveTask, app

from . import services


@app.task(base=SensitiveTask)
def send_password_reset(email: str, origin: str, language: str = "") -> None:
    services.send_password_reset(email, origin, language)
