import pytest

from tests.practices.test_probes import warnings


@pytest.mark.parametrize(
    ("broker", "warned"),
    [
        ("", {"practices.W027"}),
        ("redis://127.0.0.1:1", {"practices.W027"}),
        ("redis://:secret@localhost:1/0", {"practices.W027"}),
        ("redis://127.0.0.1:1/1", set()),
        ("amqp://127.0.0.1:1", set()),
    ],
)
def test_a_deployment_has_a_broker_that_no_cache_shares(
    broker: str, warned: set[str]
) -> None:
    assert warnings(CELERY_BROKER_URL=broker) == warned
