"""Background work on real brokers, by workers that are killed.

A worker is killed with all its processes at once, as by a machine that is gone.
"""

import base64
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

import pytest

from tests import services
from tests.conftest import Bake
from tests.production import manage, ready, servable, shell
from tests.services import PRODUCTION, get, gunicorn, venv, wait_until
from tests.support import clean_environment

BROKERS = [
    pytest.param("redis", marks=pytest.mark.services("redis")),
    pytest.param("rabbitmq", marks=pytest.mark.services("rabbitmq")),
]

TASKS = """
import os, time
from pathlib import Path
from django.db import connection
from plinth.tasks.app import app
from plinth.tasks.services import run_once


def note(*words) -> None:
    with Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(" ".join(map(str, words)) + chr(10))


def insert(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effects VALUES (%s)", [number])


@app.task
def number(number: int) -> None:
    note(number)
    time.sleep(0.1)
    run_once(f"number-{number}", lambda: insert(number))


@app.task
def say(word: str) -> None:
    note(word, "done")


@app.task
def linger() -> None:
    first = "linger" not in Path(os.environ["NOTES"]).read_text()
    note("linger", os.getpid())
    time.sleep(60 if first else 0)
    note("linger done")


@app.task(bind=True)
def stumble(self) -> None:
    note("stumble", self.request.retries)
    if not self.request.retries:
        raise ConnectionError
"""
VIEWS = """

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.generic import View

from apps.pages import tasks


class SendView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            tasks.say.delay_on_commit(request.GET["word"])
            transaction.set_rollback("undo" in request.GET)
        return HttpResponse("sent")


urlpatterns += [path("trial/say/", SendView.as_view())]
"""
# Minutes are too long for a test.
CELERY = """
app.Task.default_retry_delay = 1
app.conf.beat_schedule["tick"] = {
    "task": "apps.pages.tasks.say", "args": ["tick"], "schedule": 1.0
}
if (app.conf.broker_url or "").startswith("redis"):
    app.conf.broker_transport_options |= {
        "visibility_timeout": 6,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # A worker that is killed while it looks for such tasks has this lock for 300 s.
        "unacked_mutex_expire": 5,
    }
"""


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of an installed project with tasks that tell what they do."""
    return servable(
        install(),
        tmp_path_factory.mktemp("tasks"),
        apps__pages__tasks=TASKS,
        config__urls=VIEWS,
        config__celery=CELERY,
    )


@contextmanager
def broker(name: str, folder: Path) -> Iterator[str]:
    if name == "redis":
        with services.redis(folder, services.free_port()) as url:
            yield f"{url}/1"
    else:
        with services.rabbitmq(folder) as url:
            yield url


class Worker:
    """A worker with two processes, which ends with the test."""

    def __init__(
        self, project: Path, log: Path, name: str, *options: str, **env: str
    ) -> None:
        command = venv(
            *("celery", "--app", "config.celery", "worker", "--concurrency=2"),
            *(f"--hostname={name}", "--without-mingle", "--without-gossip", *options),
            of=project,
        )
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=project,
                env=clean_environment() | PRODUCTION | env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()


def lines(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


# What a worker does


class Running(NamedTuple):
    """A site, its worker with the schedule, and what its tasks noted."""

    project: Path
    env: dict[str, str]
    site: str
    worker: Worker
    notes: Path


@pytest.fixture(scope="module", params=BROKERS)
def running(
    request: pytest.FixtureRequest,
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(request.param)
    notes = folder / "notes"
    with ExitStack() as stack:
        env = {
            "CELERY_BROKER_URL": stack.enter_context(broker(request.param, folder)),
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "NOTES": str(notes),
        }
        manage(project, "migrate", "--verbosity", "0", **env)
        schedule = f"--schedule={folder}/schedule"
        worker = stack.enter_context(
            Worker(project, folder / "log", "trial@here", "--beat", schedule, **env)
        )
        site = stack.enter_context(gunicorn(project, folder / "web.log", **env))
        wait_until(lambda: any("tick" in line for line in lines(notes)))
        yield Running(project, env, site, worker, notes)


def test_beat_enqueues_a_periodic_task(running: Running) -> None:
    wait_until(lambda: lines(running.notes).count("tick done") >= 2)


def test_commit_enqueues_a_task_and_rollback_does_not(running: Running) -> None:
    get(f"{running.site}/trial/say/?word=undone&undo")
    get(f"{running.site}/trial/say/?word=committed")

    wait_until(lambda: "committed done" in lines(running.notes))
    assert not any("undone" in line for line in lines(running.notes))


def test_transient_error_is_retried(running: Running) -> None:
    shell(
        running.project,
        "from apps.pages.tasks import stumble; stumble.delay()",
        **running.env,
    )

    wait_until(lambda: "stumble 1" in lines(running.notes))


def test_task_of_a_killed_process_is_redelivered(running: Running) -> None:
    code = "from apps.pages.tasks import linger; linger.delay()"
    shell(running.project, code, **running.env)

    def pids() -> list[str]:
        return re.findall(r"^linger (\d+)$", running.notes.read_text(), re.MULTILINE)

    wait_until(pids)
    os.kill(int(pids()[0]), signal.SIGKILL)

    wait_until(lambda: "linger done" in lines(running.notes))
    assert len(set(pids())) == 2


def test_worker_runs_an_import(running: Running) -> None:
    code = r"""
from django.core.files.base import ContentFile
from apps.accounts.models import User
from apps.catalog.models import Category, Import
Category.objects.create(name="Lamps", slug="lamps")
user = User.objects.create_user("staff@example.com")
rows = "".join(f"A-{number},Lamp,Lamps,1\n" for number in range(5_000))
file = ContentFile(f"sku,name,category,price\n{rows}".encode(), "products.csv")
begun = Import.start(user.pk, file, skip_invalid=False)
assert begun.state == "waiting"
import time
for _ in range(200):
    begun.refresh_from_db()
    if begun.finished:
        break
    time.sleep(0.1)
from django.core.files.storage import default_storage
print(begun.state, begun.saved, default_storage.exists(begun.file))
"""
    said = shell(running.project, code, **running.env)

    assert said.split() == ["saved", "5000", "False"]


def test_silent_worker_is_unhealthy(running: Running) -> None:
    def ping(seconds: int) -> tuple[int, str]:
        command = ("manage.py", "ping_worker", "trial@here", f"--timeout={seconds}")
        done = subprocess.run(
            venv("python", *command, of=running.project),
            cwd=running.project,
            env=clean_environment() | PRODUCTION | running.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    assert ping(20) == (0, "trial@here answers.\n")

    running.worker.signal(signal.SIGSTOP)
    try:
        stopped = ping(2)
    finally:
        running.worker.signal(signal.SIGCONT)

    line = "CommandError: trial@here does not answer within 2 seconds.\n"
    assert stopped == (1, line)


@pytest.mark.parametrize("running", BROKERS[1:], indirect=True)
def test_rabbitmq_queue_is_a_quorum_queue(running: Running) -> None:
    code = """
from config.celery import app
with app.connection_for_write() as broker:
    try:
        broker.channel().queue_declare("celery", durable=True, auto_delete=False)
    except Exception as error:
        print(error)
"""

    assert "'quorum'" in shell(running.project, code, **running.env)


# Workers that are killed


@pytest.mark.services("postgresql", "rabbitmq", "redis")
@pytest.mark.parametrize(
    ("name", "tasks", "kills"),
    [
        ("redis", 200, 3),
        ("rabbitmq", 200, 3),
        pytest.param("redis", 1_000, 10, marks=pytest.mark.scale),
        pytest.param("rabbitmq", 1_000, 10, marks=pytest.mark.scale),
    ],
)
def test_tasks_survive_killed_workers(
    project: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    name: str,
    tasks: int,
    kills: int,
) -> None:
    notes, log = tmp_path / "notes", tmp_path / "log"
    with ExitStack() as stack:
        env = {
            "CELERY_BROKER_URL": stack.enter_context(broker(name, tmp_path)),
            "DATABASE_URL": stack.enter_context(services.postgresql()),
            "NOTES": str(notes),
        }
        manage(project, "migrate", "--verbosity", "0", **env)
        send = f"""
from django.db import connection
from apps.pages.tasks import number
connection.cursor().execute("CREATE TABLE effects (number integer)")
for i in range({tasks}):
    number.delay(i)
"""
        shell(project, send, **env)

        def start(number: int) -> Worker:
            worker = Worker(project, log, f"w{number}@here", **env)
            return stack.enter_context(worker)

        def until_written(mark: int) -> None:
            wait_until(lambda: len(lines(notes)) >= mark)

        workers = [start(0), start(1)]
        for kill in range(kills):
            mark = tasks * (kill + 1) // (kills + 2)
            until_written(mark)
            workers.pop(0).kill()
            workers.append(start(kill + 2))
        count = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*), count(DISTINCT number) FROM effects")
    print(*cursor.fetchone())
"""

        def done() -> bool:
            if name == "redis":
                # On its way from one list to the other, a task is in neither.
                return all(idle(env["CELERY_BROKER_URL"]) for _ in range(10))
            return shell(project, count, **env).split()[1] == str(tasks)

        wait_until(done)
        effects, distinct = map(int, shell(project, count, **env).split())

    lost = tasks - distinct
    twice = sum(times > 1 for times in Counter(lines(notes)).values())
    record_property(
        "summary",
        f"{name}, {tasks} tasks, {kills} workers killed: {lost} lost, "
        f"{twice} ran twice, {effects} effects",
    )
    assert effects == distinct
    # Of a task that a worker has taken from Redis and not noted there yet, nobody knows
    # when it is killed. One at a time is taken.
    assert lost <= (kills if name == "redis" else 0)


def idle(redis: str) -> bool:
    """Whether no task waits, and none is a worker's."""
    commands = "LLEN celery\nHLEN unacked\n"
    words = ["redis-cli", "-u", redis]
    answer = subprocess.run(
        words, input=commands, capture_output=True, text=True, check=True
    )
    return answer.stdout.split() == ["0", "0"]


# A broker that is gone


@pytest.mark.services("redis")
def test_tasks_and_workers_survive_a_broker_restart(
    project: Path, tmp_path: Path
) -> None:
    notes, port = tmp_path / "notes", services.free_port()
    env = {
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "NOTES": str(notes),
    }
    # As a broker is run: what it took is on its disk.
    options = ("--appendonly", "yes")
    with ExitStack() as stack:
        redis = stack.enter_context(ExitStack())
        redis.enter_context(services.redis(tmp_path, port, *options))
        site = stack.enter_context(gunicorn(project, tmp_path / "web.log", **env))
        assert get(f"{site}/trial/say/?word=before").status == 200

        redis.close()

        start = time.monotonic()
        assert get(site).status == 200
        assert ready(site)["broker"] == "failing"
        # It was not sent, and whoever asked for it is told.
        assert get(f"{site}/trial/say/?word=meanwhile").status == 500
        # A proxy would wait for 60.
        assert time.monotonic() - start < 30
        worker = Worker(project, tmp_path / "log", "w@here", **env)
        stack.enter_context(worker)
        time.sleep(10)

        redis.enter_context(services.redis(tmp_path, port, *options))

        wait_until(lambda: "before done" in lines(notes))
        redis.close()
        time.sleep(1)
        redis.enter_context(services.redis(tmp_path, port, *options))
        assert get(f"{site}/trial/say/?word=after").status == 200
        wait_until(lambda: "after done" in lines(notes))
        assert worker.process.poll() is None
        assert not any("meanwhile" in line for line in lines(notes))


# A broker by TLS


@pytest.mark.services("openssl", "redis")
def test_broker_certificate_is_verified(project: Path, tmp_path: Path) -> None:
    certificate, port = services.self_signed(tmp_path), services.free_port()
    files = [f"--tls-{kind}-file {certificate}" for kind in ("cert", "key", "ca-cert")]
    options = (
        f"--port 0 --tls-port {port} --bind 127.0.0.1 127.0.0.2"
        f" --tls-auth-clients no {' '.join(files)}"
    )
    code = """
from plinth.tasks.tasks import clear_sessions
try:
    clear_sessions.delay()
except clear_sessions.OperationalError as error:
    print(error)
else:
    print("sent")
"""

    def said(broker: str, **variables: str) -> str:
        url = f"sqlite:///{tmp_path}/db.sqlite3"
        given = {"DATABASE_URL": url, "CELERY_BROKER_URL": broker} | variables
        return shell(project, code, **given)

    trusted = {"SSL_CERT_FILE": str(certificate)}
    with services.redis(tmp_path, port, *options.split()):
        # What speaks after the handshake does not matter to who does not get so far.
        for scheme in ("rediss", "amqps"):
            assert "self-signed" in said(f"{scheme}://127.0.0.1:{port}//")
            assert "address mis" in said(f"{scheme}://127.0.0.2:{port}//", **trusted)
        url = f"rediss://127.0.0.1:{port}"
        results = {"CELERY_RESULT_BACKEND": f"{url}/1"}
        assert said(f"{url}/0", **trusted, **results).split()[-1] == "sent"


# Flower


@pytest.mark.services("redis")
def test_flower_requires_its_password(project: Path, tmp_path: Path) -> None:
    port = services.free_port()
    with broker("redis", tmp_path) as url:
        env = PRODUCTION | {
            "CELERY_BROKER_URL": url,
            "DATABASE_URL": "sqlite://",
            "FLOWER_BASIC_AUTH": "admin:a-secret-of-the-tests",
        }
        command = venv("python", "manage.py", "flower", str(port), of=project)
        with services.process(*command, cwd=project, log=tmp_path / "log", env=env):
            wait_until(lambda: services.listens(port))
            site = f"http://127.0.0.1:{port}/workers"
            known = base64.b64encode(b"admin:a-secret-of-the-tests").decode()
            wrong = base64.b64encode(b"admin:").decode()

            assert get(site).status == 401
            assert get(site, Authorization=f"Basic {wrong}").status == 401
            assert get(site, Authorization=f"Basic {known}").status == 200
