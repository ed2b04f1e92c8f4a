"""A baked project under its production settings: copied, managed, served and loaded."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from http.client import HTTPException
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from tests.services import PRODUCTION, Answer, get, venv, wait_until
from tests.support import copy_of, run

# What the tests need a project to do, and no project should.
TRIAL_VIEWS = """

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.generic import View


class BackendView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return HttpResponse(cursor.fetchone()[0])


class VisitView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return HttpResponse(request.session["visits"])


class SendView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        from apps.pages import tasks

        getattr(tasks, request.GET["task"]).delay()
        return HttpResponse("sent")


class FailView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        somebody = request.GET["email"]
        raise RuntimeError("the trial view failed")


urlpatterns += [
    path("trial/backend/", BackendView.as_view()),
    path("trial/visit/", VisitView.as_view()),
    path("trial/send/", SendView.as_view()),
    path("trial/fail/", FailView.as_view()),
]
"""
TRIAL_TASKS = """
from plinth.tasks.app import app
from plinth.tasks.tasks import clear_sessions


@app.task
def fail() -> None:
    raise RuntimeError("the trial task failed")
"""


def servable(project: Path, folder: Path, **added: str) -> Path:
    """A copy of an installed project, ready to be served.

    What is added to a module of it is named as Python would: config__urls="...".
    """
    copy = copy_of(project, folder, ".git")
    for module, text in added.items():
        with (copy / f"{module.replace('__', '/')}.py").open("a") as file:
            file.write(text)
    manage(copy, "collectstatic", "--no-input", DATABASE_URL="sqlite://")
    return copy


def trial(project: Path, folder: Path) -> Path:
    """One that can be made to fail."""
    return servable(
        project, folder, config__urls=TRIAL_VIEWS, apps__pages__tasks=TRIAL_TASKS
    )


def manage(project: Path, *arguments: str, **variables: str) -> str:
    """Run manage.py under production settings, and return what it prints."""
    command = venv("python", "manage.py", *arguments, of=project)
    return run(*command, cwd=project, env=PRODUCTION | variables)


def shell(project: Path, code: str, **variables: str) -> str:
    return manage(project, "shell", "--no-imports", "--command", code, **variables)


def log_of(file: Path) -> list[dict[str, Any]]:
    """The lines of a log that are the application's: the JSON ones."""
    lines = file.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def ready(site: str) -> dict[str, str]:
    """What the readiness probe says of the whole and of each part."""
    answer = json.loads(get(f"{site}/health/ready/", host="10.0.0.1").text)
    return answer["parts"] | {"status": answer["status"]}


# So many people of staff, each with a session, and the keys of the sessions.
SIGN_IN = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.{store} import SessionStore
from apps.accounts.models import User
keys = []
for name in {names}:
    user = User.objects.create_superuser(f"{{name}}@example.com".lower(), name=name)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    keys.append(session.session_key)
print(json.dumps(keys))
"""


def sign_in(project: Path, *names: str, store: str = "db", **variables: str) -> list:
    code = SIGN_IN.format(store=store, names=names)
    return json.loads(shell(project, code, **variables).splitlines()[-1])


class Answered(NamedTuple):
    """Of one request: when it was asked, with which status it ended, and how long it took."""

    asked: float
    status: int
    seconds: float


class Load(list[Answered]):
    """What pages answered under load."""

    @property
    def failed(self) -> list[float]:
        """When those were asked that did not end well."""
        return [answer.asked for answer in self if answer.status != 200]

    def recover(self) -> float:
        """Wait for a page that is asked for from now on and ends well; say how long."""
        start = time.monotonic()
        wait_until(lambda: any(it.status == 200 for it in self if it.asked > start))
        return time.monotonic() - start

    def __str__(self) -> str:
        return f"{len(self)} requests tried, {len(self.failed)} failed"


@contextmanager
def repeated(*asks: Callable[[], Answer], clients: int) -> Iterator[Load]:
    """Ask again and again until the end of the block, each client in one of these ways."""
    seen, done = Load(), threading.Event()

    def visit(ask: Callable[[], Answer]) -> None:
        while not done.is_set():
            asked, status = time.monotonic(), 0
            with suppress(OSError, HTTPException):
                status = ask().status
            seen.append(Answered(asked, status, time.monotonic() - asked))

    threads = [
        threading.Thread(target=visit, args=[ask])
        for ask in islice(cycle(asks), clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join()


def load(*urls: str, clients: int = 8, **headers: str) -> AbstractContextManager[Load]:
    """Ask for pages again and again until the end of the block, each client for one."""
    return repeated(*(partial(get, url, **headers) for url in urls), clients=clients)
