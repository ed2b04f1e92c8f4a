"""What the machine, or the container, gives this process: processors and open files."""

import math
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Of one process. nginx, which needs the most, and Compose have the same number in their
# own files: 16,000 visitors, each with two connections and files for both.
OPEN_FILES = 65_536


def cpus() -> int:
    """How many processors this process may use: a container sees all of its machine's."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        found = os.cpu_count() or 1
    return math.ceil(min([found, *quotas()]))


def quotas(
    mount: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> Iterator[float]:
    """Yield how many processors each group that this process is in may use.

    They are `docker run --cpus`, a limit of Kubernetes, or CPUQuota of systemd.
    """
    lines = own.read_text().splitlines() if own.exists() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            top, files = mount, ["cpu.max"]
        elif "cpu" in controllers.split(","):  # version 1
            top, files = mount / "cpu", ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        else:
            continue
        group = top / path.strip("/")
        # In a container the path may be the machine's, while its group is at the top.
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):
                texts = [(folder / file).read_text() for file in files]
                # Without a limit the first is `max` or -1.
                quota, period = map(int, " ".join(texts).split())
                if quota > 0:
                    yield quota / period
            if folder == top:
                break


def raise_open_files() -> None:
    """Take as many open files as this process may, up to OPEN_FILES.

    The limit that it starts with, 1,024 on most machines, is for programs of the past.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < ceiling:
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))


def most_open_files() -> int:
    """How many files this process may have open, once it has asked for them."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
