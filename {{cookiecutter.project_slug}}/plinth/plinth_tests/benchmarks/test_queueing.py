"""Queueing model, against formulas that are exact."""

from math import log
from statistics import mean

import pytest

from plinth.benchmarks import queueing

# Exponential times with a mean of 1.
TIMES = [-log((number + 0.5) / 1000) for number in range(1000)]


def test_share_of_waiting_requests_is_that_of_erlang() -> None:
    # One server: its utilisation. Others: A. K. Erlang's tables.
    assert queueing.waiting(1, 0.3) == pytest.approx(0.3)
    assert queueing.waiting(2, 1) == pytest.approx(1 / 3)
    assert queueing.waiting(10, 8) == pytest.approx(0.409, abs=0.001)
    assert queueing.waiting(2, 2) == 1


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 0.7), (8, 0.7)])
def test_simulated_wait_is_that_of_erlang(servers: int, load: float) -> None:
    busy = servers * load
    wait = queueing.waiting(servers, busy) / (servers - busy)

    times = queueing.simulate(busy, TIMES, servers, requests=200_000)

    assert mean(times) == pytest.approx(1 + wait, rel=0.05)
    assert times == sorted(times)


def test_simulated_wait_of_constant_times_is_half_of_that() -> None:
    # Pollaczek and Khinchine.
    times = queueing.simulate(0.7, [1.0], 1, requests=200_000)

    assert mean(times) == pytest.approx(1 + 0.7 / (2 * 0.3), rel=0.05)


def test_machines_leave_room_and_one_to_spare() -> None:
    # 28 CPUs' work, at most 70 % of each: 40 CPUs, five machines, and one.
    assert queueing.machines(10_000, 2.8, 8) == 6
    assert queueing.machines(1, 1, 8) == 2


def test_command_prints_machines_and_times(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["queueing", "--rate=10000", "--cpu-ms=2.8"])

    queueing.main()

    first, whole, less = capsys.readouterr().out.splitlines()
    assert first == "6 machines, one of them to spare."
    assert whole.startswith("all serve: CPUs 58% busy, 12% of requests wait; p50 ")
    assert less.startswith("one is lost: CPUs 70% busy, 27% of requests wait; p50 ")
