"""`make deploy` is cut off after each change that it makes: the next run goes on from there.

What an interrupted run has written and not loaded is the fault that no complete run has.
"""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.mutations import append, replace
from tests.support import DEFAULT, Say, clean_environment
from tests.test_ansible import Machine, needs_machine
from tests.test_systemd import SYSTEMD, Debian

# Kills Ansible and all that it has started, once after each change that has a name of its own.
INTERRUPT = '''
DOCUMENTATION = """
name: interrupt
type: aggregate
short_description: ends the run after a change
description: Of a test.
"""
import os
import signal
from pathlib import Path
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "interrupt"

    def v2_runner_on_ok(self, result):
        if not result.result.get("changed"):
            return
        item = result.result.get("item", "")
        name = f"{result.host.get_name()}: {result.task.get_name()} {item}".strip()
        seen = Path(os.environ["INTERRUPTED"])
        if name not in seen.read_text().splitlines():
            with seen.open("a") as file:
                file.write(f"{name}\\n")
            os.killpg(0, signal.SIGKILL)

    v2_runner_item_on_ok = v2_runner_on_ok
'''
# A line of each file that a server reads, and a question that its running process answers.
PSQL = "runuser -u postgres -- psql -At -c"
BOUNCER = "PGPASSWORD=$(cat secrets/app_password) psql -At -h 127.0.0.1 -p 6432 -U app pgbouncer"
SERVERS = {
    "deploy/postgresql/postgresql.conf": (
        ("work_mem = 8MB", "work_mem = 9MB"),
        (f"{PSQL} 'SHOW work_mem'", "9MB"),
    ),
    "deploy/pgbouncer/pgbouncer.ini": (
        ("default_pool_size = 20", "default_pool_size = 19"),
        (
            f"{BOUNCER} -c 'SHOW CONFIG' | grep ^default_pool_size",
            "default_pool_size|19|",
        ),
    ),
    "deploy/systemd/redis-cache.conf": (
        ("maxmemory 256mb", "maxmemory 255mb"),
        (
            "REDISCLI_AUTH=$(cut -d ' ' -f 2 secrets/redis.conf) redis-cli config get maxmemory",
            str(255 * 1024**2),
        ),
    ),
}
# Prints what runs with other files than there are.
STALE = """
systemctl show --property Id,NeedDaemonReload '*' | grep -B 1 =yes || true
since() { date --date "$(systemctl show --value --property ExecMainStartTimestamp "$1")" +%s; }
older() { test "$(since "$1")" -ge "$(stat --format %Z "$2")" || echo "$1 is older than $2"; }
older systemd-journald /etc/systemd/journald.conf.d/my_site.conf
"""
RELEASED = """
for unit in site-web@$(readlink -f upstream.conf | xargs sed -n 's|.*/run/app/\\([a-z]*\\)\\.sock.*|\\1|p') site-worker site-beat; do
    older $unit site.env
done
"""


@pytest.fixture(params=["systemd", "compose"])
def machine(
    install: Bake, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Machine]:
    needs_machine()
    machine: Machine
    if request.param == "systemd":
        machine = Debian(install(**SYSTEMD), tmp_path)
    else:
        machine = Machine(install(**DEFAULT), tmp_path)
    try:
        machine.boot(tmp_path)
        yield machine
    finally:
        machine.clear()


def deploy_interrupted(machine: Machine, folder: Path) -> list[str]:
    """Deploy until a run is not cut off; return the changes after which one was."""
    plugins, seen = folder / "plugins", folder / "seen"
    plugins.mkdir(exist_ok=True)
    (plugins / "interrupt.py").write_text(INTERRUPT)
    seen.write_text("")
    own = machine.checkout / "plinth/ansible_plugins"
    env = machine.ssh(
        ANSIBLE_CALLBACK_PLUGINS=f"{own}:{plugins}",
        ANSIBLE_CALLBACKS_ENABLED="interrupt",
        INTERRUPTED=str(seen),
        EMAIL_URL="smtp://127.0.0.1:1",
    )
    values = machine.checkout / "deploy/ansible/group_vars/all/site.yml"
    [there] = re.findall(r'(?m)^folder: "(.*)"', values.read_text())
    while True:
        before = len(seen.read_text())
        done = subprocess.run(
            machine.words("deploy", user="root"),
            cwd=machine.checkout,
            env=clean_environment() | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            check=False,
        )
        if not done.returncode:
            return seen.read_text().splitlines()
        assert done.returncode == -signal.SIGKILL, done.stdout
        assert len(seen.read_text()) > before, done.stdout
        # As the next run would ask for.
        machine.inside("sh", "-c", f"rmdir {there}/.deploy/lock || true")


def assert_up_to_date(machine: Machine) -> None:
    assert " changed=0 failures=0 " in machine.make("deploy", user="root")
    assert machine.ask("/?fresh").status == 200
    ssh = [str(machine.key / "ssh"), "-o", "PreferredAuthentications=none"]
    refused = subprocess.run(
        [*ssh, "-p", str(machine.port), "root@127.0.0.1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.stderr.strip().endswith("Permission denied (publickey).")
    assert "policy drop" in machine.inside("nft", "list", "table", "inet", "site")


@pytest.mark.scale
@pytest.mark.services("docker", "openssl")
def test_deploy_goes_on_wherever_it_was_cut_off(
    machine: Machine, tmp_path: Path, record_property: Say
) -> None:
    started = time.monotonic()
    changes = deploy_interrupted(machine, tmp_path)
    seconds = time.monotonic() - started
    record_property("summary", f"{len(changes)} times cut off, in {seconds:.0f} s")
    assert len(changes) > 20
    assert_up_to_date(machine)

    variables = "site_variables: {SECURE_HSTS_SECONDS: '4321'}"
    values = "deploy/ansible/group_vars/all/site.yml"
    replace(values, "site_variables: {}", variables)(machine.checkout)
    append("deploy/nginx/proxy.conf", "add_header X-Trial second always;\n")(
        machine.checkout
    )
    append("templates/base.html", "<!-- second -->\n")(machine.checkout)
    if isinstance(machine, Debian):
        for file, (change, _) in SERVERS.items():
            replace(file, *change)(machine.checkout)
    machine.commit()
    started = time.monotonic()
    changes = deploy_interrupted(machine, tmp_path)
    seconds = time.monotonic() - started
    record_property("summary", f"a release: {len(changes)} times, in {seconds:.0f} s")
    assert len(changes) > 3
    assert_up_to_date(machine)
    page = machine.ask("/?newer")
    assert "<!-- second -->" in page.text
    assert page.headers["Strict-Transport-Security"].startswith("max-age=4321;")
    assert page.headers["X-Trial"] == "second"
    if isinstance(machine, Debian):
        assert machine.here(STALE + RELEASED) == ""
        for _, (command, answer) in SERVERS.values():
            assert answer in machine.here(command)
