"""Benchmark of pages through nginx, over TLS and a unix socket, as clients get them.

Variants in the same run: Django's own middleware only, under the same gunicorn and nginx;
without nginx; sync workers; uvicorn, if the group `test` is installed. Needs nginx, openssl
and deploy/nginx. Rows and options are those of plinth.benchmarks.pages.
"""

import http.client
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from getpass import getuser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from plinth.server.resources import cpus, most_open_files

from . import pages, servers

if TYPE_CHECKING:
    from .cases import Page

# nginx does not serve requests with a cookie from its cache.
BYPASS = {"Cookie": "visit=1"}
# In django.contrib.admin, so that every site has it.
STATIC_FILE = "admin/css/base.css"


@dataclass(frozen=True)
class Stack:
    """A gunicorn behind nginx, and how it differs from production."""

    settings: str = "site"
    options: tuple[str, ...] = ()
    application: str = "plinth.benchmarks.wsgi"


STACKS = {
    "nginx": Stack(),
    "nginx, no cache": Stack("no_cache"),
    "Django's middleware": Stack("plain"),
    "Django's middleware, no cache": Stack("plain_no_cache"),
    # The number that gunicorn recommends for workers without threads.
    "sync workers": Stack(
        options=("--worker-class=sync", "--threads=1", f"--workers={2 * cpus() + 1}")
    ),
    "uvicorn (ASGI)": Stack(
        options=("--worker-class=plinth.server.asgi_worker.Worker",),
        application="config.asgi",
    ),
}


def find() -> "list[Page]":
    from django.templatetags.static import static

    from .cases import Case, Page, all_pages, app_benchmarks

    found = all_pages()
    home = replace(found[0].case, server="nginx", headers=BYPASS)
    uncached = replace(home, name=f"{home.name}, uncached", server="nginx, no cache")
    file = Case("Static file", static(STATIC_FILE), "nginx")

    def compared(case: Case) -> Page:
        names = ["Django's middleware", "sync workers"]
        if find_spec("uvicorn_worker"):
            names.append("uvicorn (ASGI)")
        direct = replace(case, name="without nginx", server="site")
        return Page(case, [*(case.on(name) for name in names), direct])

    plain = "Django's middleware"
    others = [replace(uncached, name=plain, server=f"{plain}, no cache")]
    if app_benchmarks():
        # An app's first page is one that a shared cache may store.
        others += [replace(home, name="cached by nginx", headers={})]
    pages = [Page(uncached, others), compared(home)]
    if page := next((page.case for page in found if page.queries), None):
        headers = BYPASS | page.headers
        pages.append(compared(replace(page, server="nginx", headers=headers)))
    direct = replace(file, name="without nginx", server="site")
    return [*pages, Page(file, [direct])]


class Fronted(servers.Server):
    """A gunicorn behind nginx."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "run").mkdir()
        super().__init__(
            folder / "log",
            {"DJANGO_SETTINGS_MODULE": f"plinth.benchmarks.settings.{stack.settings}"},
            f"--bind=unix:{folder}/run/blue.sock",
            *stack.options,
            application=stack.application,
        )
        self.front = servers.free_port()
        self.url = f"https://localhost:{self.front}"

    def connection(self) -> http.client.HTTPConnection:
        # The certificate is self-signed.
        context = ssl._create_unverified_context()  # noqa: SLF001, S323
        return http.client.HTTPSConnection("localhost", self.front, context=context)

    @contextmanager
    def nginx(self, static: Path) -> Iterator[None]:
        main = configure(self.folder, self.front, static)
        with subprocess.Popen(
            ["nginx", "-c", main, "-e", self.folder / "errors", "-g", "daemon off;"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as running:
            try:
                while not (self.folder / "nginx.pid").exists():
                    if running.poll() is not None:
                        said = (self.folder / "errors").read_text().strip()
                        sys.exit(f"nginx did not start: {said}")
                    time.sleep(0.02)
                yield
            finally:
                running.terminate()


def configure(folder: Path, port: int, static: Path) -> Path:
    """Copy deploy/nginx with paths in a folder; return its main file."""
    shutil.copytree(servers.ROOT / "deploy" / "nginx", folder / "site")
    for name in ("cache", "logs", "tls", "srv"):
        (folder / name).mkdir()
    (folder / "srv" / "static").symlink_to(static)
    script = folder / "site" / "self-signed.sh"
    subprocess.run(
        ["sh", script, "localhost", folder / "tls"], check=True, capture_output=True
    )
    changes = {
        r"(?m)^user .*;": f"user {getuser()};",
        r"/run/nginx\.pid": f"{folder}/nginx.pid",
        r"(worker_rlimit_nofile) \d+": rf"\1 {most_open_files()}",
        r"(worker_connections) \d+": rf"\1 {most_open_files() // 2}",
        r"/var/log/nginx/": f"{folder}/logs/",
        r"/var/cache/nginx/": f"{folder}/cache/",
        r"/etc/nginx/(site|tls)/": rf"{folder}/\1/",
        r"/run/app/": f"{folder}/run/",
        r"root /srv;": f"root {folder}/srv;",
        r" *listen \[::\]:.*\n": "",
        r"listen 80\b": f"listen 127.0.0.1:{servers.free_port()}",
        r"listen 443\b": f"listen 127.0.0.1:{port}",
        r"server_name .*;": "server_name localhost;",
    }
    for file in (folder / "site").glob("*.conf"):
        text = file.read_text()
        for pattern, replacement in changes.items():
            text = re.sub(pattern, replacement, text)
        file.write_text(text)
    return folder / "site" / "nginx.conf"


@contextmanager
def serve(folder: Path, names: set[str]) -> Iterator[pages.Running]:
    """Run these of STACKS, and the site without nginx."""
    with ExitStack() as stack:
        fronted: pages.Running = {}
        for number, name in enumerate(sorted(names & STACKS.keys())):
            server = Fronted(folder / f"stack-{number}", STACKS[name])
            stack.callback(server.wait_for_end)
            stack.callback(server.process.terminate)
            server.wait()
            stack.enter_context(server.nginx(folder / "static"))
            fronted[name] = server
        running = stack.enter_context(servers.serve(folder, {"site"}))
        yield fronted | running


if __name__ == "__main__":
    programs = all(map(shutil.which, ("nginx", "openssl")))
    if programs and (servers.ROOT / "deploy/nginx").is_dir():
        pages.main(find, serve)
    else:
        sys.stdout.write("Skipped the stack: it needs nginx, openssl, deploy/nginx.\n")
