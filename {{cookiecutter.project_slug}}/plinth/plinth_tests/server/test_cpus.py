"""How many processes serve: as many as the container or the machine has CPUs for."""

import os
from pathlib import Path

import pytest

from plinth.server.resources import quotas
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(60)


def found(folder: Path, own: str, files: dict[str, str]) -> list[float]:
    """The quotas of a process in these control groups, which have these files."""
    (folder / "own").write_text(own)
    for name, text in files.items():
        path = folder / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(quotas(folder / "mount", folder / "own"))


def test_a_container_is_limited_by_control_groups_of_version_2(tmp_path: Path) -> None:
    assert found(tmp_path, "0::/\n", {"cpu.max": "150000 100000\n"}) == [1.5]


def test_a_group_without_a_limit_limits_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, "0::/\n", {"cpu.max": "max 100000\n"}) == []


def test_the_group_above_limits_too(tmp_path: Path) -> None:
    files = {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "400000 100000\n"}

    assert found(tmp_path, "0::/a/b\n", files) == [4, 2]


@pytest.mark.parametrize(("quota", "limits"), [("50000\n", [0.5]), ("-1\n", [])])
def test_a_container_is_limited_by_control_groups_of_version_1(
    tmp_path: Path, quota: str, limits: list[float]
) -> None:
    # The path is the machine's; a container sees its own group at the top.
    own = "8:pids:/docker/1f\n1:cpuacct,cpu:/docker/1f\n0::/\n"
    files = {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": "100000\n"}

    assert found(tmp_path, own, files) == limits


def test_where_there_are_no_groups_nothing_is_limited(tmp_path: Path) -> None:
    assert list(quotas(tmp_path, tmp_path / "own")) == []


def workers(code: str, **variables: str) -> int:
    ask = f"{code}\nfrom config import gunicorn\nprint(gunicorn.workers)"
    return int(run_code(ask, **EMBEDDED | variables).stdout)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_there_is_one_process_more_than_cpus() -> None:
    first = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, [{first}])"

    assert workers(code) == 2
    assert workers(code, WEB_CONCURRENCY="7") == 7


def test_the_smallest_limit_counts_and_part_of_a_cpu_is_one() -> None:
    code = (
        "import os; os.cpu_count = lambda: 64\n"
        "os.sched_getaffinity = lambda process: range(64)\n"
        "from plinth.server import resources; limits.quotas = lambda: iter([8, 2.5])"
    )

    assert workers(code) == 4
