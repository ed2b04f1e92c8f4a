"""What the machine or the container grants a process: CPUs, memory and open files."""

import math
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Of one process. nginx needs the most: 16,000 clients, each with two connections and
# files for both. deploy/nginx, deploy/compose and deploy/systemd have the same number.
OPEN_FILES = 65_536


def cpus() -> int:
    """Return the number of CPUs that this process may use, rounded up.

    A container sees all CPUs of its machine; its limit is a quota.
    """
    try:
        visible = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        visible = os.cpu_count() or 1
    return math.ceil(min([visible, *quotas()]))


MOUNT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def quotas(mount: Path = MOUNT, own: Path = OWN) -> Iterator[float]:
    """Yield the CPU quota of each control group (v2) that this process is in.

    `docker run --cpus`, a limit of Kubernetes and systemd's CPUQuota set it.
    """
    for text in control_group_files("cpu.max", mount, own):
        # Without a limit the quota is `max`, which is no number.
        with suppress(ValueError):
            quota, period = map(int, text.split())
            yield quota / period


def memory_limits(mount: Path = MOUNT, own: Path = OWN) -> Iterator[int]:
    """Yield the memory limit in bytes of each control group (v2) of this process."""
    for text in control_group_files("memory.max", mount, own):
        with suppress(ValueError):
            yield int(text)


def control_group_files(name: str, mount: Path, own: Path) -> Iterator[str]:
    """Yield the text of a file in each control group (v2) that this process is in."""
    lines = own.read_text().splitlines() if own.exists() else []
    # Version 2 is `0::` and the path. In a container, the path may be the machine's while
    # the container's group is at the top.
    for path in [line.removeprefix("0::") for line in lines if line.startswith("0::")]:
        group = mount / path.strip("/")
        for folder in (group, *group.parents):
            with suppress(OSError):
                yield (folder / name).read_text()
            if folder == mount:
                break


def raise_open_files() -> None:
    """Raise the soft limit of open files to OPEN_FILES, or to the hard limit.

    Most machines start a process with 1,024.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < ceiling:
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))


def most_open_files() -> int:
    """Return the limit of open files after `raise_open_files`."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
