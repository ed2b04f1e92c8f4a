"""Probes and the checks of deployment, which ask them: each is on here, and off there."""

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
from plinth_tests.processes import COMPLETE, FILES, python

# What an answer left out has no probe.
ABSENT = {practice.number for practice in practices() if practice.absent}


def warnings(**variables: str) -> set[str]:
    """The ids of the practices that a deployment with these variables breaks."""
    done = python("manage.py", "check", "--deploy", **(COMPLETE | variables))
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"practices\.W\d+", done.stderr))


def test_a_whole_deployment_has_nothing_off() -> None:
    assert warnings() == set()


@pytest.mark.practice(36)
def test_only_postgresql_is_a_database_for_production() -> None:
    oldest = DatabaseFeatures.minimum_database_version
    assert oldest
    assert oldest >= (15,)
    assert "practices.W036" in warnings(DATABASE_URL="sqlite://")


def test_each_stand_in_is_named_before_it_is_deployed() -> None:
    nothing = dict.fromkeys(FILES, "")
    stand_ins = warnings(
        **nothing, DATABASE_URL="sqlite://", REDIS_URL="", CONN_MAX_AGE="0"
    )

    numbers = {3, 4, 5, 14, 16, 22, 34, 36, 53, 56} - ABSENT
    assert stand_ins == {f"practices.W{number:03}" for number in numbers}


def test_a_missing_cdn_is_named() -> None:
    numbers = {22, 56} - ABSENT
    assert warnings(CDN_DOMAIN="") == {f"practices.W{number:03}" for number in numbers}


def test_a_far_database_shows_its_certificate() -> None:
    far = "postgres://app:secret@db.example.com/app"

    assert warnings(DATABASE_URL=f"{far}?sslmode=require") == {"practices.W041"}


@pytest.mark.practice(28)
def test_proxies_that_are_anybody_are_nobody() -> None:
    for everybody in ("0.0.0.0/0", "10.0.0.0/8,::/0"):
        assert warnings(TRUSTED_PROXIES=everybody) == {"practices.W028"}


@pytest.mark.parametrize(
    ("debug", "state"), [(True, State.EMBEDDED), (False, State.ON)]
)
@pytest.mark.parametrize("probe", [probes.in_front, probes.web_server])
def test_a_developer_has_another_server(
    settings: Settings, probe: Callable[[], Finding], debug: bool, state: State
) -> None:
    settings.DEBUG = debug

    assert probe().state is state


def test_limits_that_are_lifted_are_missed() -> None:
    assert warnings(DATABASE_LOCK_TIMEOUT="0") == {"practices.W005"}


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"CONN_MAX_AGE": 60}, State.ON),
        ({"CONN_MAX_AGE": 0}, State.OFF),
        ({"CONN_MAX_AGE": None}, State.OFF),
        ({"CONN_HEALTH_CHECKS": False}, State.OFF),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 60}, State.OFF),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 0}, State.ON),
    ],
)
def test_the_age_of_a_connection_suits_who_keeps_it(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], state: State
) -> None:
    for name, value in settings.items():
        monkeypatch.setitem(connection.settings_dict, name, value)

    assert probes.connection_age().state is state
