"""deploy/compose/switch.sh: when traffic moves to a release, stays, or returns.

A program in place of Docker says what the containers would; the template's own tests run the
script on real ones.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = settings.BASE_DIR / "deploy" / "compose"
if not (FOLDER / "switch.sh").exists():
    pytest.skip("no deploy/compose in this project", allow_module_level=True)

pytestmark = pytest.mark.practice(33)

DOCKER = r"""#!/bin/sh
echo "$IMAGE: $*" >>calls
case "$*" in
*"nginx curl"*) echo "unix:/run/app/$(cat serving).sock" ;;
*"-s reload") sed -n 's|.*/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf >serving ;;
*" ps "*) cat previous ;;
*" logs --no-log-prefix"*) cat log ;;
*" up "*) test ! -e sick ;;
*release_check) test ! -e broken ;;
*--before-deploy) test ! -e unmigratable ;;
*"--no-TTY migrate") test ! -e unfinished && { cat applied || true; } ;;
esac 2>/dev/null
"""
OK = '{"status":200,"upstream_status":200}\n'
ERROR = '{"status":500,"upstream_status":500}\n'


class Host:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(FOLDER / "switch.sh", folder)
        for program, script in (("docker", DOCKER), ("sleep", "#!/bin/sh\n")):
            (folder / program).write_text(script)
            (folder / program).chmod(0o755)
        self.write("serving", "blue")
        self.write("upstream.conf", "server unix:/run/app/blue.sock;\n")
        self.write(".env", "IMAGE=site:1\nCOMPOSE_PROFILES=blue\n")

    def write(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)

    def switch(self, *words: str) -> tuple[int, str]:
        """Return the exit code and the last line."""
        path = f"{self.folder}:{os.environ['PATH']}"
        done = subprocess.run(
            [shutil.which("sh") or "sh", "switch.sh", *words],
            cwd=self.folder,
            env={"PATH": path, "WATCH": "1"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()[-1]

    def serves(self, colour: str, image: str) -> bool:
        """Whether nginx, its file, and the next `docker compose up` agree."""
        return (
            (self.folder / "serving").read_text().strip() == colour
            and f"/{colour}.sock;" in (self.folder / "upstream.conf").read_text()
            and (self.folder / ".env").read_text()
            == f"IMAGE={image}\nCOMPOSE_PROFILES={colour}\n"
        )

    def called(self, words: str) -> bool:
        return words in (self.folder / "calls").read_text()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_traffic_moves_to_a_release_that_answers(host: Host) -> None:
    # Fewer than one of twenty.
    host.write("log", OK * 120 + ERROR * 6)

    assert host.switch("site:2") == (0, "green now serves site:2.")

    assert host.serves("green", "site:2")
    assert host.called("compose stop web-blue")


@pytest.mark.practice(48)
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("unmigratable", "does not migrate"),
        ("sick", "is not healthy"),
        ("broken", "has pages that fail"),
    ],
)
def test_release_that_fails_gets_no_traffic(
    host: Host, state: str, reason: str
) -> None:
    host.write(state)

    assert host.switch("site:2") == (1, f"site:2 {reason}: blue keeps serving.")

    assert host.serves("blue", "site:1")
    assert not host.called("reload")


def test_traffic_returns_when_errors_rise(host: Host) -> None:
    host.write("log", OK * 50 + ERROR * 5)

    assert host.switch("site:2") == (
        1,
        "site:2 answers with server errors: blue keeps serving.",
    )

    assert host.serves("blue", "site:1")
    assert host.called("compose stop web-green")
    assert not host.called("compose stop web-blue")


@pytest.mark.practice(49)
def test_columns_are_dropped_when_the_old_release_has_stopped(host: Host) -> None:
    host.switch("site:2")

    calls = (host.folder / "calls").read_text()
    steps = [
        "--before-deploy\n",
        "up --detach",
        "logs --no-log-prefix",
        "stop web-blue",
        "--no-TTY migrate\n",
    ]
    assert sorted(steps, key=calls.index) == steps


@pytest.mark.practice(48)
def test_failed_last_migration_says_how_to_repeat_it(host: Host) -> None:
    host.write("unfinished")

    code, line = host.switch("site:2")

    assert code == 1
    assert line.startswith("green serves site:2. To repeat its last migrations: ")
    assert host.serves("green", "site:2")


def test_rollback_starts_the_release_before_and_migrates_nothing(host: Host) -> None:
    host.write("previous", '{"Image":"site:0","Name":"site-web-green-1"}\n')

    code, _ = host.switch("--rollback")

    assert code == 0
    assert host.serves("green", "site:0")
    assert host.called("compose start web-green")
    assert not host.called(" migrate")
    assert not host.called("release_check")


def test_release_that_the_tables_no_longer_fit_is_not_rolled_back_to(
    host: Host,
) -> None:
    host.write("applied", "  Applying catalog.0009_remove_old_price... OK\n")
    host.switch("site:2")
    assert host.called("compose rm --force web-blue")

    code, line = host.switch("--rollback")

    assert code == 1
    assert line.startswith("The release before is gone")
    assert host.serves("green", "site:2")
