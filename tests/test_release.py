"""Releases of one production host: under load, and while its servers die. With real Docker."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.production import repeated
from tests.services import Answer, Client, wait_until
from tests.support import Say, clean_environment
from tests.test_host import PRIVATE_PAGE, Host, host, somebody_signs_in

__all__ = ["host"]

# A page that takes longer than a switch's own steps.
SLOW_SECONDS = 3
SLOW = f"""
import time
healthy = application
def application(environ, start):
    if environ["PATH_INFO"] == "/slow/":
        time.sleep({SLOW_SECONDS})
        environ["PATH_INFO"] = "/"
    return healthy(environ, start)
"""


@pytest.mark.scale
@pytest.mark.services("docker", "openssl")
def test_ten_releases_fail_no_request(
    host: Host, tmp_path: Path, record_property: Say
) -> None:
    somebody_signs_in(host, record_property)
    image = f"{host.name}:slow"
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {host.image}\nUSER root\nCOPY slow.py /tmp/\n"
        "RUN cat /tmp/slow.py >>config/wsgi.py\nUSER 10001:10001\n"
    )
    host.run("docker", "build", "--quiet", "--tag", image, str(tmp_path))
    host.run("./switch.sh", image)
    numbers = count()

    def slow() -> Answer:
        # An address of its own each time, which no cache has.
        return host.ask(f"/slow/?{next(numbers)}")

    new = partial(host.ask, PRIVATE_PAGE, Cookie=host.cookie)
    client = Client(host.https)
    connected = partial(client.ask, PRIVATE_PAGE, Cookie=host.cookie)
    with repeated(new, connected, slow, slow, clients=4) as seen:
        for number in range(10):
            release = f"{host.name}:{number}"
            host.run("docker", "tag", image, release)
            host.run("./switch.sh", release)

    slow_ones = [each for each in seen if each.seconds >= SLOW_SECONDS]
    record_property(
        "summary",
        f"ten releases: {seen}, {len(slow_ones)} of them slow; one client had "
        f"{client.connections} connections",
    )
    assert len(slow_ones) > 20
    assert not seen.failed


@pytest.mark.scale
@pytest.mark.services("docker", "openssl")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root kills a container's process")
def test_server_that_dies_during_a_release_leaves_a_site_that_serves(
    host: Host, subtests: pytest.Subtests, record_property: Say
) -> None:
    """Each is killed as the new colour starts, and started again by Docker."""
    somebody_signs_in(host, record_property)
    for number, victim in enumerate(
        ["worker", "cache", "broker", "pgbouncer", "postgres"]
    ):
        with subtests.test(victim):
            die(host, victim, f"{host.name}:{number}", record_property)


def die(host: Host, victim: str, image: str, say: Say) -> None:
    before = host.serving()
    new = "web-green" if before == "web-blue" else "web-blue"
    host.run("docker", "tag", host.image, image)
    with host.load() as seen:
        switch = subprocess.Popen(
            ["./switch.sh", image],
            cwd=host.folder,
            env=clean_environment() | host.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

        wait_until(lambda: image in running(host, new))
        _, container = running(host, victim)
        pid = host.run("docker", "inspect", "--format", "{{.State.Pid}}", container)
        os.kill(int(pid), signal.SIGKILL)
        killed = time.monotonic()
        said = switch.communicate(timeout=400)[0]
        with suppress(OSError):
            wait_until(lambda: is_ready(host))
        back = time.monotonic()
        time.sleep(3)

    end = "released" if not switch.returncode else said.strip().splitlines()[-1]
    failed = seen.failed
    away = failed[-1] - killed if failed else 0
    say("summary", f"{victim} killed: {seen}, the last {away:.1f} s later; {end}")
    assert is_ready(host)
    assert not [asked for asked in failed if asked > back]
    # It has ended one way or the other, and the files say which.
    if switch.returncode:
        assert end.endswith(f"{before.removeprefix('web-')} keeps serving.")
    assert host.serving() == (before if switch.returncode else new)
    serving, _ = running(host, host.serving())
    assert f"IMAGE={serving}\n" in (host.folder / ".env").read_text()
    host.run("./switch.sh", image)


def running(host: Host, service: str) -> list[str]:
    """The image and the container of a service, or nothing; others come and go meanwhile."""
    label = "label=com.docker.compose."
    filters = (f"{label}project={host.name}", f"{label}service={service}")
    words = [word for each in filters for word in ("--filter", each)]
    return host.run("docker", "ps", *words, "--format", "{{.Image}} {{.ID}}").split()


def is_ready(host: Host) -> bool:
    parts = json.loads(host.ask("/health/ready/").text)["parts"]
    return set(parts.values()) == {"ok"}
