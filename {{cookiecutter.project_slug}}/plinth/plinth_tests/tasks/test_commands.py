"""Commands for workers: errors are one line."""

import pytest

from plinth_tests.processes import EMBEDDED, python

DEAD = {"CELERY_BROKER_URL": "redis://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("command", "variables", "line"),
    [
        ("ping_worker", {}, "There is no broker: set CELERY_BROKER_URL."),
        ("ping_worker", DEAD, "The broker does not answer: "),
        ("flower", {}, "Flower needs a broker: set CELERY_BROKER_URL."),
        ("flower", DEAD, "Flower needs a password: set FLOWER_BASIC_AUTH"),
        (
            "flower",
            DEAD | {"FLOWER_BASIC_AUTH": "admin:generated-at-set-up"},
            "Flower needs a password: set FLOWER_BASIC_AUTH",
        ),
    ],
)
def test_command_fails_with_one_line(
    command: str, variables: dict[str, str], line: str
) -> None:
    done = python("manage.py", command, **EMBEDDED | variables)

    assert done.returncode == 1
    assert done.stderr.startswith(f"CommandError: {line}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_worker_without_a_broker_exits_with_one_line(command: str) -> None:
    done = python(
        *("-m", "celery", "--app", "config.celery", "--quiet", command), **EMBEDDED
    )

    assert done.returncode == 1
    assert done.stderr.endswith("A worker needs a broker: set CELERY_BROKER_URL.\n")
