"""Configurations of editors, as `make editor` writes them: run, not only read."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Self
from xml.etree import ElementTree as XML

import pytest

from tests.conftest import Bake
from tests.services import free_port, get, listens, wait_until
from tests.support import DEFAULT, clean_environment, copy_of, refusal, run

FOLDERS = {"vscode": ".vscode", "pycharm": ".run", "devcontainer": ".devcontainer"}


@pytest.fixture
def project(bake: Bake, tmp_path: Path) -> Path:
    return shutil.copytree(bake(**DEFAULT), tmp_path / "site", symlinks=True)


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_is_written_once_and_is_then_the_owners(
    name: str, project: Path
) -> None:
    run("make", "editor", f"NAME={name}", cwd=project)
    file = next((project / FOLDERS[name]).iterdir())
    file.write_text("mine")

    [line] = refusal("make", "editor", f"NAME={name}", cwd=project)
    assert "exists and stays as it is" in line
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["", "emacs", "../src"])
def test_unknown_editor_is_refused(name: str, project: Path) -> None:
    before = sorted(project.iterdir())

    [line] = refusal("make", "editor", f"NAME={name}", cwd=project)

    assert "vscode, pycharm or devcontainer" in line
    assert sorted(project.iterdir()) == before


def test_debugger_starts_the_site_and_a_test(install: Bake, tmp_path: Path) -> None:
    """What VS Code sends to debugpy for a configuration, sent to the real debugpy."""
    project = copy_of(install(**DEFAULT), tmp_path)
    run("make", "editor", "NAME=vscode", cwd=project)
    run("make", "migrate", cwd=project)
    launch = json.loads((project / ".vscode/launch.json").read_text())
    site, tests = launch["configurations"]
    port = free_port()

    site["args"].append(str(port))
    with Adapter(project) as adapter:
        adapter.launch(site)
        wait_until(lambda: listens(port))
        assert get(f"http://127.0.0.1:{port}/", "localhost").status == 200
    tests["args"] = [str(next((project / "tests").rglob("test_*.py")))]
    with Adapter(project) as adapter:
        adapter.launch(tests)
        assert adapter.exit_code() == 0


def test_pycharm_runs_files_of_the_project(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    run("make", "editor", "NAME=pycharm", cwd=project)

    for path in (project / ".run").iterdir():
        options = {
            option.get("name"): option.get("value", "")
            for option in XML.fromstring(path.read_text()).iter("option")
        }
        for value in options.values():
            if "$PROJECT_DIR$" in value:
                place = value.strip('"').replace("$PROJECT_DIR$", str(project))
                assert Path(place).exists(), value


@pytest.mark.scale
@pytest.mark.services("docker")
def test_dev_container_is_built_and_serves(bake: Bake, tmp_path: Path) -> None:
    """By the reference implementation of dev containers, npm's @devcontainers/cli."""
    project = shutil.copytree(bake(**DEFAULT), tmp_path / "site", symlinks=True)
    run("git", "init", "--quiet", cwd=project)
    run("make", "editor", "NAME=devcontainer", cwd=project)
    if os.geteuid() == 0:
        # The folder is a user's: `dev` gets the numbers of who runs the editor, but root's.
        run("chown", "-R", "1000:1000", project, cwd=project)
    command = ("npx", "--yes", "@devcontainers/cli@0.80")
    folder = ("--workspace-folder", project)
    up = run(*command, "up", *folder, cwd=project)
    container = json.loads(up.splitlines()[-1])["containerId"]
    try:
        checked = run(*command, "exec", *folder, "make", "test", cwd=project)
        assert " passed" in checked
    finally:
        run("docker", "rm", "--force", container, cwd=project)


class Adapter:
    """debugpy's adapter, spoken to as an editor does (Debug Adapter Protocol)."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_environment(),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.send("disconnect", terminateDebuggee=True)
        self.wait("response", "disconnect")
        self.process.communicate(timeout=60)

    def launch(self, configuration: dict[str, Any]) -> None:
        """Start a configuration, as the interpreter's settings complete it."""
        text = json.dumps(configuration)
        text = text.replace("${workspaceFolder}", str(self.project))
        self.send("initialize", adapterID="debugpy", pathFormat="path")
        self.wait("response", "initialize")
        chosen = {
            "python": [str(self.project / ".venv/bin/python")],
            "cwd": str(self.project),
            # The terminal is the editor's.
            "console": "internalConsole",
        }
        self.send("launch", **json.loads(text) | chosen)
        self.wait("event", "initialized")
        self.send("configurationDone")
        self.wait("response", "launch")

    def exit_code(self) -> int:
        return int(self.wait("event", "exited")["body"]["exitCode"])

    def send(self, command: str, **arguments: object) -> None:
        request = {"type": "request", "command": command, "arguments": arguments}
        body = json.dumps(request | {"seq": 1}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def wait(self, kind: str, name: str) -> dict[str, Any]:
        """Read messages until one of this kind and name; fail at a refusal."""
        assert self.process.stdout
        while head := self.process.stdout.readline():
            self.process.stdout.readline()
            body = self.process.stdout.read(int(head.partition(b":")[2]))
            message: dict[str, Any] = json.loads(body)
            assert message.get("success", True), message
            if message["type"] == kind and name in message.values():
                return message
        pytest.fail(f"the adapter ended before {name}")
