"""What a worker does for accounts. Tasks are thin: they call what does the work."""

from config.celery import app

from . import services


@app.task
def send_password_reset(email: str, origin: str) -> None:
    services.send_password_reset(email, origin)
