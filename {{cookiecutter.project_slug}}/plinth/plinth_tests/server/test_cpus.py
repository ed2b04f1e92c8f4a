"""Number of web processes: from the CPUs that the machine or the container grants."""

import os
from pathlib import Path

import pytest

from plinth.server import resources
from plinth.server.resources import cpus, quotas
from plinth_tests.processes import EMBEDDED, evaluate

pytestmark = pytest.mark.practice(60)


def found(folder: Path, own: str, files: dict[str, str]) -> list[float]:
    """Return the quotas of a process in these control groups."""
    (folder / "own").write_text(own)
    for name, text in files.items():
        path = folder / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(quotas(folder / "mount", folder / "own"))


def test_quota_of_the_control_group_is_read(tmp_path: Path) -> None:
    assert found(tmp_path, "0::/\n", {"cpu.max": "150000 100000\n"}) == [1.5]


def test_group_without_a_limit_has_no_quota(tmp_path: Path) -> None:
    assert found(tmp_path, "0::/\n", {"cpu.max": "max 100000\n"}) == []


def test_quota_of_a_parent_group_counts(tmp_path: Path) -> None:
    files = {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "400000 100000\n"}

    assert found(tmp_path, "0::/a/b\n", files) == [4, 2]


def test_path_of_the_host_leads_to_the_containers_group(tmp_path: Path) -> None:
    files = {"cpu.max": "50000 100000\n"}

    assert found(tmp_path, "0::/docker/1f\n", files) == [0.5]


def test_system_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert list(quotas(tmp_path, tmp_path / "own")) == []


def test_smallest_limit_counts_and_is_rounded_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(
        os, "sched_getaffinity", lambda process: range(64), raising=False
    )
    monkeypatch.setattr(resources, "quotas", lambda: iter([8, 2.5]))

    assert cpus() == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_one_process_per_cpu_and_one_more() -> None:
    first = min(os.sched_getaffinity(0))
    code = f"""
import os
os.sched_setaffinity(0, [{first}])
from plinth.server import gunicorn
result = gunicorn.workers
"""
    assert evaluate(code, **EMBEDDED) == 2
    assert evaluate(code, **EMBEDDED | {"WEB_CONCURRENCY": "7"}) == 7
