"""Work on the catalogue that no visitor waits for: thin, over what does the work."""

from config.celery import app

from . import services


@app.task(autoretry_for=[OSError], retry_backoff=True, max_retries=5)
def make_thumbnail(product_id: int) -> None:
    services.make_thumbnail(product_id)
