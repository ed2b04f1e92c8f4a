"""deploy/switch.sh: when traffic moves to a release, stays, or returns.

Programs in place of Docker, or of systemd, say what the parts of the site would; the template's
own tests run the script on real ones.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

DEPLOY = settings.BASE_DIR / "deploy"
TARGETS = [name for name in ("compose", "systemd") if (DEPLOY / name).exists()]
if not TARGETS:
    pytest.skip("no host of its own in this project", allow_module_level=True)

pytestmark = pytest.mark.practice(33)

# A power failure at a step.
CUT = r"""#!/bin/sh
! echo "$*" | grep -qf cut 2>/dev/null || kill -9 0
"""
DOCKER = r"""
echo "$IMAGE: $*" >>calls
case "$*" in
*"nginx curl"*) echo "unix:/run/app/$(cat serving).sock" ;;
*"-s reload") sed -n 's|.*/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf >serving ;;
*" ps "*) cat previous ;;
*" logs --no-log-prefix"*) cat log ;;
*" up "*) test ! -e sick ;;
*release_check) test ! -e broken ;;
*--before-deploy) test ! -e unmigratable ;;
*"--no-TTY migrate") cat applied; test ! -e failing ;;
esac 2>/dev/null
"""
PYTHON = r"""
echo "$IN: $*" >>calls
case "$*" in
*release_check) test ! -e broken ;;
*--before-deploy) test ! -e unmigratable ;;
"manage.py migrate") cat applied; test ! -e failing ;;
esac 2>/dev/null
"""
SYSTEMCTL = r"""
echo "systemctl $*" >>calls
case "$*" in
"reload nginx") sed -n 's|.*/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf >serving ;;
"restart site-web@"*) test ! -e sick ;;
esac
"""
CURL = """
echo "unix:/run/app/$(cat serving).sock"
"""
ZERO = "echo 0\n"
OK = '{"status":200,"upstream_status":200}\n'
ERROR = '{"status":500,"upstream_status":500}\n'


class Host:
    """deploy/ on a host whose site runs, and what each step calls there."""

    target = ""
    programs: dict[str, str] = {}
    words: dict[str, str] = {}

    def __init__(self, top: Path) -> None:
        self.top, self.folder = top, top / "deploy" / self.target
        self.folder.mkdir(parents=True)
        shutil.copy(DEPLOY / "switch.sh", top / "deploy")
        shutil.copy(DEPLOY / self.target / "switch.sh", self.folder)
        (top / "deploy/nginx").mkdir()
        shutil.copy(DEPLOY / "nginx/upstream.conf", top / "deploy/nginx")
        for program, script in (self.programs | {"sleep": ""}).items():
            self.write(program, CUT + script)
            (self.folder / program).chmod(0o755)
        self.write("calls")
        self.write("serving", "blue")
        self.write("upstream.conf", "server unix:/run/app/blue.sock;\n")
        self.start("site:1", "blue")

    def start(self, release: str, colour: str) -> None:
        """Make a release that a colour has run."""
        raise NotImplementedError

    def remembered(self) -> str:
        """What the next start of the host is to start."""
        raise NotImplementedError

    def write(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)

    def switch(self, *words: str) -> tuple[int, str]:
        """Return the exit code and the last line."""
        env = {"PATH": f"{self.folder}:{os.environ['PATH']}", "WATCH": "1"}
        done = subprocess.run(
            [shutil.which("sh") or "sh", "switch.sh", *words],
            cwd=self.folder,
            env=env | {"NGINX_LOG": "log"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            start_new_session=True,
        )
        lines = (done.stdout + done.stderr).splitlines()
        return done.returncode, lines[-1] if lines else ""

    def cut_off(self, *words: str, at: str) -> None:
        """Kill all processes of a switch when it runs a command like one of these."""
        self.write("cut", at)
        assert self.switch(*words)[0] < 0
        (self.folder / "cut").unlink()

    def serves(self, colour: str, release: str) -> bool:
        """Whether nginx, its file, and the next start agree."""
        return (
            (self.folder / "serving").read_text().strip() == colour
            and f"/{colour}.sock;" in (self.folder / "upstream.conf").read_text()
            and self.remembered() == f"{release} {colour}"
        )

    def did(self, step: str, colour: str = "") -> bool:
        return self.words[step].format(colour) in (self.folder / "calls").read_text()


class Compose(Host):
    target = "compose"
    programs = {"docker": DOCKER}
    words = {
        "start": "compose up --detach",
        "resume": "compose start web-{}",
        "stop": "compose stop web-{}",
        "forget": "compose rm --force web-{}",
        "reload": "reload",
        "check": "release_check",
        "migrate": " migrate",
        "migrate before": "--before-deploy\n",
        "migrate after": "--no-TTY migrate\n",
    }

    def start(self, release: str, colour: str) -> None:
        if colour == "blue":
            self.write(".env", f"IMAGE={release}\nCOMPOSE_PROFILES={colour}\n")
        else:
            self.write(
                "previous", f'{{"Image":"{release}","Name":"site-web-{colour}-1"}}\n'
            )

    def remembered(self) -> str:
        lines = (self.folder / ".env").read_text().splitlines()
        values = dict(line.split("=", 1) for line in lines)
        return f"{values['IMAGE']} {values['COMPOSE_PROFILES']}"


class Systemd(Host):
    target = "systemd"
    programs = {
        "systemctl": SYSTEMCTL,
        "python.sh": PYTHON,
        "curl": CURL,
        "wc": ZERO,
        "ps": "",
        "journalctl": "",
    }
    words = {
        "start": "systemctl restart site-web@",
        "resume": "systemctl enable --quiet --now site-web@{}",
        "stop": "systemctl disable --quiet --now site-web@{}",
        "reload": "systemctl reload nginx",
        "check": "release_check",
        "migrate": "manage.py migrate",
        "migrate before": "--before-deploy\n",
        "migrate after": "manage.py migrate\n",
    }

    def __init__(self, top: Path) -> None:
        super().__init__(top)
        shutil.copy(DEPLOY / "systemd/host.sh", self.folder)
        (self.folder / "static").mkdir()
        self.write("log")
        self.start("site:2", "")

    def start(self, release: str, colour: str) -> None:
        (self.top / "releases" / release / "staticfiles").mkdir(
            parents=True, exist_ok=True
        )
        (self.top / "releases" / release / ".env").touch()
        for name in (
            [colour, "current"] if colour == "blue" else [colour] * bool(colour)
        ):
            (self.top / "releases" / name).symlink_to(release)

    def remembered(self) -> str:
        release = (self.top / "releases/current").readlink().name
        calls = (self.folder / "calls").read_text().splitlines()
        # Enabled is what runs.
        enabled = {"blue"}
        for call in calls:
            action, _, colour = call.removeprefix("systemctl ").partition(" --quiet ")
            colour = colour.partition("site-web@")[2]
            if action in {"enable", "disable"} and colour:
                (enabled.add if action == "enable" else enabled.discard)(colour)
        return f"{release} {' '.join(enabled)}"

    def did(self, step: str, colour: str = "") -> bool:
        if step == "forget":
            return not (self.top / "releases" / colour).is_symlink()
        return super().did(step, colour)


@pytest.fixture(params=TARGETS)
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Host:
    return {"compose": Compose, "systemd": Systemd}[request.param](tmp_path)


def test_traffic_moves_to_a_release_that_answers(host: Host) -> None:
    # Fewer than one of twenty.
    host.write("log", OK * 120 + ERROR * 6)

    assert host.switch("site:2") == (0, "green now serves site:2.")

    assert host.serves("green", "site:2")
    assert host.did("stop", "blue")


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
    assert not host.did("reload")


@pytest.mark.parametrize("state", ["sick", "broken"])
def test_refused_release_is_not_rolled_back_to(host: Host, state: str) -> None:
    host.start("site:2", "green")
    host.write(state)
    host.switch("site:2")

    code, line = host.switch("--rollback")

    assert code == 1
    assert line.startswith("The release before is gone")
    assert host.serves("blue", "site:1")
    # Until a release serves.
    (host.folder / state).unlink()
    assert host.switch("site:2")[0] == 0
    assert host.switch("--rollback")[0] == 0


def test_release_that_was_never_checked_is_not_rolled_back_to(host: Host) -> None:
    host.start("site:2", "green")
    host.cut_off("site:2", at="up --detach\nrestart site-web@")

    code, line = host.switch("--rollback")

    assert code == 1
    assert line.startswith("The release before is gone")
    assert not host.did("reload")


def test_damaged_file_of_nginx_is_written_anew(host: Host) -> None:
    host.write("upstream.conf", "\n")

    assert host.switch("site:2")[0] == 0

    assert host.serves("green", "site:2")


def test_traffic_returns_when_errors_rise(host: Host) -> None:
    host.write("log", OK * 50 + ERROR * 5)

    assert host.switch("site:2") == (
        1,
        "site:2 answers with server errors: blue keeps serving.",
    )

    assert host.serves("blue", "site:1")
    assert host.did("stop", "green")
    assert not host.did("stop", "blue")


@pytest.mark.practice(49)
def test_columns_are_dropped_when_the_old_release_has_stopped(host: Host) -> None:
    host.switch("site:2")

    calls = (host.folder / "calls").read_text()
    steps = [
        host.words[step].format("blue")
        for step in ("migrate before", "start", "reload", "stop", "migrate after")
    ]
    assert sorted(steps, key=calls.index) == steps


@pytest.mark.practice(48)
def test_failed_last_migration_says_how_to_repeat_it(host: Host) -> None:
    host.write("failing")

    code, line = host.switch("site:2")

    assert code == 1
    assert line.startswith("green serves site:2. To repeat its last migrations: ")
    assert host.serves("green", "site:2")
    assert not host.did("forget", "blue")
    # For deploy/ansible, which switches again.
    assert (host.folder / ".unfinished").exists()

    (host.folder / "failing").unlink()
    host.write("applied", "  Applying a.0002_drop... OK\n")
    assert host.switch("--finish") == (0, "green now serves site:2.")
    assert host.serves("green", "site:2")
    assert host.did("forget", "blue")
    assert not (host.folder / ".unfinished").exists()


@pytest.mark.practice(48)
def test_no_way_back_after_the_first_of_two_last_migrations(host: Host) -> None:
    host.write("failing")
    host.write("applied", "  Applying a.0002_drop... OK\n  Applying a.0003_drop...\n")

    code, line = host.switch("site:2")

    assert code == 1
    assert line.startswith("green serves site:2. To repeat its last migrations: ")
    assert host.did("forget", "blue")


@pytest.mark.practice(49)
def test_no_way_back_after_last_migrations_that_were_cut_off(host: Host) -> None:
    host.start("site:1", "green")
    host.cut_off("site:2", at="migrate$")
    assert host.switch("--rollback")[0] == 1

    # They have nothing to apply now.
    assert host.switch("--finish") == (0, "green now serves site:2.")

    assert host.switch("--rollback")[0] == 1
    assert host.serves("green", "site:2")


def test_old_colour_is_stopped_before_last_migrations_are_repeated(host: Host) -> None:
    host.cut_off("site:2", at="^compose stop\ndisable")
    assert not host.did("migrate after")

    host.switch("--finish")

    calls = (host.folder / "calls").read_text()
    stop = host.words["stop"].format("blue")
    assert calls.rindex(stop) < calls.index(host.words["migrate after"])


def test_rollback_starts_the_release_before_and_migrates_nothing(host: Host) -> None:
    host.start("site:0", "green")
    host.write(".settings", "newer")

    code, line = host.switch("--rollback")

    assert code == 0
    assert line == "green serves site:0 again."
    assert host.serves("green", "site:0")
    assert not (host.folder / ".unfinished").exists()
    # The settings with which it has started are older.
    assert not (host.folder / ".settings").exists()
    assert host.did("resume", "green")
    assert not host.did("migrate")
    assert not host.did("check")


def test_second_rollback_does_not_return_to_what_was_left(host: Host) -> None:
    host.start("site:0", "green")
    host.switch("--rollback")

    code, line = host.switch("--rollback")

    assert code == 1
    assert line.startswith("The release before is gone, was left, ")
    assert host.serves("green", "site:0")
    # Who means it names it.
    assert host.switch("site:1")[0] == 0
    assert host.serves("blue", "site:1")


def test_release_that_the_tables_no_longer_fit_is_not_rolled_back_to(
    host: Host,
) -> None:
    host.write("applied", "  Applying catalog.0009_remove_old_price... OK\n")
    host.switch("site:2")
    assert host.did("forget", "blue")

    code, line = host.switch("--rollback")

    assert code == 1
    assert line.startswith("The release before is gone")
    assert host.serves("green", "site:2")
