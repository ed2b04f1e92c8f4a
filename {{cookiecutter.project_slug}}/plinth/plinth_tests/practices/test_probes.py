"""Probes, through `manage.py check --deploy`, which reports their findings."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.features import DatabaseFeatures
from pytest_django import Settings

from plinth.practices import probes
from plinth.practices.ledger import practices
from plinth.practices.states import Finding, State
from plinth_tests.processes import COMPLETE, FILES, run_code

CHECK = """
import django
from django.core.management import call_command
django.setup()
call_command("check", deploy=True)
"""
# Practices whose extra is not installed, or whose files were deleted.
ABSENT = {practice.number for practice in practices() if practice.absence}


def warnings(**variables: str) -> set[str]:
    """The ids of the warnings for a deployment with these variables."""
    done = run_code(CHECK, **COMPLETE | variables)
    # Not of notes, which are of taste.
    warnings = done.stderr.partition("INFOS:")[0]
    return set(re.findall(r"practices\.W\d+", warnings))


def test_complete_deployment_has_no_warning() -> None:
    assert warnings() == set()


@pytest.mark.practice(36)
def test_sqlite_in_production_is_reported() -> None:
    oldest = DatabaseFeatures.minimum_database_version
    assert oldest
    assert oldest >= (15,)
    assert "practices.W036" in warnings(DATABASE_URL="sqlite://")


def test_each_embedded_part_is_reported() -> None:
    nothing = dict.fromkeys(FILES, "")
    unset = ("METRICS_BIND", "REDIS_URL", "SENTRY_DSN", "NEW_RELIC_LICENSE_KEY")
    nothing |= dict.fromkeys(unset, "")
    embedded = warnings(**nothing, DATABASE_URL="sqlite://", CONN_MAX_AGE="0")

    numbers = {3, 4, 5, 14, 16, 22, 34, 36, 42, 51, 53, 56, 63}
    numbers -= ABSENT
    assert embedded == {f"practices.W{number:03}" for number in numbers}


def test_missing_cdn_is_reported() -> None:
    numbers = {22, 56} - ABSENT
    assert warnings(CDN_DOMAIN="") == {f"practices.W{number:03}" for number in numbers}


def test_unverified_database_is_reported() -> None:
    remote = "postgres://app:secret@db.example.com/app"

    assert warnings(DATABASE_URL=f"{remote}?sslmode=require") == {"practices.W041"}


@pytest.mark.practice(28)
def test_trusting_every_address_is_reported() -> None:
    for everybody in ("0.0.0.0/0", "10.0.0.0/8,::/0"):
        assert warnings(TRUSTED_PROXIES=everybody) == {"practices.W028"}


@pytest.mark.parametrize(
    ("debug", "state"), [(True, State.EMBEDDED), (False, State.ON)]
)
@pytest.mark.parametrize("probe", [probes.proxy, probes.web_server])
def test_server_and_proxy_are_for_production(
    settings: Settings, probe: Callable[[], Finding], debug: bool, state: State
) -> None:
    settings.DEBUG = debug

    assert probe().state is state


def test_missing_timeout_is_reported() -> None:
    assert warnings(DATABASE_LOCK_TIMEOUT="0") == {"practices.W005"}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"CONN_MAX_AGE": 60}, State.ON),
        ({"CONN_MAX_AGE": 0}, State.OFF),
        ({"CONN_MAX_AGE": None}, State.OFF),
        ({"CONN_HEALTH_CHECKS": False}, State.OFF),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 60}, State.OFF),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 0}, State.ON),
    ],
)
def test_connection_age_fits_pool_and_thread(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], state: State
) -> None:
    for name, value in changed.items():
        monkeypatch.setitem(connection.settings_dict, name, value)

    assert probes.connection_age().state is state
