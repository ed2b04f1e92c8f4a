import socket

from tests.processes import EMBEDDED, run_code


def test_a_cache_that_hangs_costs_a_page_seconds_and_no_error() -> None:
    code = """
import time
import config.wsgi
from django.core.cache import cache
start = time.monotonic()
print(cache.get("key", "nothing"), time.monotonic() - start)
"""
    # It takes connections, and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        done = run_code(code, **(EMBEDDED | {"REDIS_URL": url}))

    value, seconds = done.stdout.split()
    assert value == "nothing"
    # Redis's own client would wait for five.
    assert float(seconds) < 4
    assert '"name": "django_redis.cache"' in done.stderr
