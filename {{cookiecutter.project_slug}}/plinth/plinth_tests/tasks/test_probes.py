import pytest

from plinth_tests.processes import COMPLETE, run_code

PROBE = """
import django
django.setup()
from plinth.practices import probes
print(probes.background_work().state)
"""


@pytest.mark.parametrize(
    ("broker", "state"),
    [
        ("", "off"),
        ("redis://127.0.0.1:1", "off"),
        ("redis://:secret@localhost:1/0", "off"),
        ("redis://127.0.0.1:1/1", "on"),
        ("amqp://127.0.0.1:1", "on"),
    ],
)
def test_broker_must_not_share_a_redis_database_with_the_cache(
    broker: str, state: str
) -> None:
    done = run_code(PROBE, **COMPLETE | {"CELERY_BROKER_URL": broker})

    assert done.stdout.strip() == state
