"""Benchmark of the image: build time without a layer cache and after a change, and size.

`make bench` runs it if Docker is available. It builds a copy of the project and removes
the image. Packages come from the cache mounts of pip and uv: the speed of the network is
no property of the image.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .pages import natural

TITLES = {
    "cold_seconds": "seconds to build without the layer cache",
    "changed_seconds": "seconds to build after a change of the code",
    "changed_slowest_seconds": "the slowest of these",
    "megabytes": "MB",
    "megabytes_above_base": "MB of these above the base image",
}
# `make bench` runs in the project's folder.
PROJECT = Path.cwd()


def docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"docker {arguments[0]} failed:\n{done.stderr}")
    return done.stdout.strip()


def is_available() -> bool:
    """Whether a Docker engine responds."""
    if not shutil.which("docker"):
        return False
    info = ["docker", "info"]
    return not subprocess.run(info, capture_output=True, check=False).returncode


def megabytes(image: str) -> float:
    [found] = json.loads(docker("image", "inspect", image))
    return int(found["Size"]) / 1e6


def build(folder: Path, name: str, *options: str) -> float:
    """Build an image; return the seconds it took."""
    begin = time.perf_counter()
    docker("build", *options, "--tag", name, str(folder))
    return time.perf_counter() - begin


def measure(folder: Path, name: str, rounds: int) -> dict[str, float]:
    cold = build(folder, name, "--no-cache")
    changed = []
    for _ in range(rounds):
        with (folder / "config/urls.py").open("a") as file:
            file.write(f"# {uuid.uuid4()}\n")
        changed.append(build(folder, name))
    dockerfile = (folder / "Dockerfile").read_text()
    base = dockerfile.partition("FROM ")[2].split()[0]
    return {
        "cold_seconds": round(cold, 1),
        "changed_seconds": round(statistics.median(changed), 1),
        "changed_slowest_seconds": round(max(changed), 1),
        "megabytes": round(megabytes(name)),
        "megabytes_above_base": round(megabytes(name) - megabytes(base)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m plinth.benchmarks.image")
    parser.add_argument("--rounds", type=natural, default=3)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    arguments = parser.parse_args()
    if not is_available():
        sys.stdout.write("Skipped the image: it needs Docker.\n")
        return
    name = f"benchmark-{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        left = shutil.ignore_patterns(".*_cache", ".git", ".uv", ".venv", "*.sqlite3*")
        shutil.copytree(PROJECT, folder, ignore=left)
        try:
            found = measure(folder, name, arguments.rounds)
        finally:
            remove = ["docker", "image", "rm", "--force", name]
            subprocess.run(remove, capture_output=True, check=False)
    if arguments.format == "json":
        sys.stdout.write(json.dumps(found) + "\n")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for fact, title in TITLES.items():
        table.add_row(f"{found[fact]:g}", title)
    Console().print(table)


if __name__ == "__main__":
    main()
