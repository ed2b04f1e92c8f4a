"""What Plinth costs, against the least that does the same: `make bench`.

Each comparison runs both sides in turn, several rounds, and prints the medians and their
ratio, so that a slow or busy machine changes both alike.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROUNDS = 7
TEMPLATE = Path(__file__).resolve().parent.parent
# Bytecode is written, as on a user's machine; no settings are chosen, no server is used.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name in {"PATH", "HOME", "LANG", "TMPDIR"} or name.startswith("SSL_")
}


def run(*command: str | Path, cwd: Path, **variables: str) -> None:
    subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT | variables,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def seconds(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(
    name: str,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    aim: float,
    unit: str = "s",
) -> None:
    """Measure both in turn, after a round that does not count, and print a row."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    plinth, least = (median(side) for side in zip(*pairs, strict=True))
    print(
        f"{name:52} {plinth:8.2f} {least:8.2f} {unit:3} "
        f"{plinth / least:6.2f} {f'<= {aim}':>7}",
        flush=True,
    )


def bake(template: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    run(
        sys.executable, "-m", "cookiecutter", "--no-input", "-o", folder, template,
        cwd=TEMPLATE,
    )  # fmt: skip


def make_empty_template(folder: Path) -> Path:
    project = folder / "{{cookiecutter.project_slug}}"
    project.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text('{"project_slug": "my_site"}')
    (project / "README.md").write_text("# {{ cookiecutter.project_slug }}\n")
    return folder


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=60).close()
        except urllib.error.HTTPError as error:
            sys.exit(f"{address} answers {error.code}")
        except OSError:
            time.sleep(0.01)
        else:
            return
    sys.exit(f"{address}: the server stopped")


def first_page(project: Path) -> float:
    """Seconds from `make run` to the first page."""
    port = str(free_port())
    start = time.perf_counter()
    server = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/", server)
        return time.perf_counter() - start
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def worker_memory(python: Path, project: Path, wsgi: str, **variables: str) -> float:
    """Megabytes that one gunicorn worker holds after its first pages."""
    port = str(free_port())
    server = subprocess.Popen(
        [
            python, "-m", "gunicorn", "--workers", "1", "--bind", f"127.0.0.1:{port}",
            "--no-control-socket", wsgi,
        ],
        cwd=project,
        env=ENVIRONMENT | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(20):
            wait_for(f"http://127.0.0.1:{port}/", server)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
        status = Path(f"/proc/{children.split()[0]}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = make_empty_template(folder / "empty")
        source = folder / "template"
        run("git", "clone", "--quiet", TEMPLATE, source, cwd=folder)

        print(f"Medians of {ROUNDS} rounds, both sides in turn.")
        print(f"{'':52} {'Plinth':>8} {'least':>8} {'':3} {'ratio':>6} {'aim':>7}")
        compare(
            "bake, against an empty template",
            lambda: seconds(lambda: bake(source, folder / "ours")),
            lambda: seconds(lambda: bake(empty, folder / "theirs")),
            aim=2,
        )

        project = folder / "ours" / "my_site"
        start = first_page(project)
        again = median(first_page(project) for _ in range(ROUNDS))
        python = project / ".venv" / "bin" / "python"
        bare = folder / "bare"
        bare.mkdir()
        run(python, "-m", "django", "startproject", "bare", ".", cwd=bare)

        def check(place: Path) -> float:
            return seconds(lambda: run(python, "manage.py", "check", cwd=place))

        compare(
            "manage.py check, against a bare startproject",
            lambda: check(project),
            lambda: check(bare),
            aim=2,
        )
        production = {
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "of-this-benchmark-and-of-nothing-else",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": "sqlite://",
            "EMAIL_URL": "smtp://localhost",
            "SECURE_SSL_REDIRECT": "false",
        }
        run(
            python,
            "manage.py",
            "collectstatic",
            "--no-input",
            cwd=project,
            **production,
        )
        compare(
            "memory of a worker, against a bare startproject",
            lambda: worker_memory(python, project, "config.wsgi", **production),
            lambda: worker_memory(python, bare, "bare.wsgi"),
            aim=2,
            unit="MB",
        )
        print(
            f"{'make run to the first page, warm package cache':52} {start:8.2f} {'':8} s {'':8} {'< 25':>7}"
        )
        print(
            f"{'make run to the first page, second start':52} {again:8.2f} {'':8} s {'':8} {'< 2':>7}"
        )


if __name__ == "__main__":
    main()
