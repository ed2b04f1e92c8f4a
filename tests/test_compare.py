"""`benchmarks/compare.py`: Plinth by its own description, in the shortest rounds."""

import re
import sys
from pathlib import Path

import pytest

from tests import services
from tests.conftest import Bake
from tests.support import DEFAULT, REPOSITORY, copy_of, run

BENCHMARKS = REPOSITORY / "benchmarks"
# Nothing else is certain of a rate.
AIMS = """
[[aims]]
column = "home /s"
row = "Plinth, everything on"
of = "Plinth, everything off"
most = 0.001

[[aims]]
column = "home /s"
row = "Plinth, everything on"
of = "Plinth, everything off"
least = 0.001
"""


@pytest.mark.services("postgresql", "redis", "wrk")
def test_comparison_prints_rates_memory_and_aims_and_drops_its_databases(
    install: Bake, tmp_path: Path
) -> None:
    copy_of(install(**DEFAULT), tmp_path)
    text = (BENCHMARKS / "compare.toml").read_text()
    text = re.sub(r"(?m)^(rounds|seconds|connections) = \d+$", r"\1 = 1", text)
    description = tmp_path / "compare.toml"
    description.write_text(text.partition("[projects.default]")[0] + AIMS)
    with (
        services.postgresql() as url,
        services.redis(tmp_path, services.free_port()) as redis,
    ):
        output = run(
            *(sys.executable, BENCHMARKS / "compare.py", tmp_path),
            *("--description", description, "--postgres", url, "--redis", redis),
            cwd=tmp_path,
        )
        databases = run(
            "psql", url, "-Atc", "SELECT datname FROM pg_database", cwd=tmp_path
        )

    rows = re.findall(r"(?m)^Plinth, everything (on|off) ((?: +[\d.]+){7})$", output)
    assert [name for name, _ in rows] == ["off", "on"], output
    assert all(float(value) > 0 for _, values in rows for value in values.split())
    assert output.count(" MISSED\n") == output.count(" met\n") == 1
    assert "compare_" not in databases
