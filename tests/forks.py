"""pytest in forks of a process that has imported libraries: half of the time of a short run.

What tests break, which is apps, config, plinth and their tests, each fork imports itself.
"""

import json
import subprocess
from pathlib import Path

from tests.support import clean_environment

# Runs in the project's environment. One request a line, arguments of pytest; one answer a line.
SERVER = """
import contextlib, importlib, json, os, sys, tempfile

sys.path[0] = "plinth"
from plinth_tests.fork_server import MODULES

sys.path[0] = os.getcwd()  # as `python -m pytest` has it
for name in ("pytest", "kombu.transport.redis", "PIL.Image", *MODULES):
    with contextlib.suppress(Exception):
        importlib.import_module(name)
import pytest

for line in sys.stdin:
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            sys.exit(pytest.main(json.loads(line)))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        print(json.dumps([code, output.read().decode(errors="replace")]), flush=True)
"""


class Forks:
    """The process, and pytest in a fork of it for each call."""

    def __init__(self, project: Path) -> None:
        self.process = subprocess.Popen(
            [project / ".venv/bin/python", "-c", SERVER],
            cwd=project,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pytest(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code, or a signal's negative number, and what was printed."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{json.dumps(arguments)}\n")
        self.process.stdin.flush()
        code, output = json.loads(self.process.stdout.readline())
        return code, output

    def close(self) -> None:
        self.process.communicate()
