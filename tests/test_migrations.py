"""Migrations beside running requests, on a real PostgreSQL."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from tests import services
from tests.conftest import Bake
from tests.mutations import replace
from tests.production import manage
from tests.services import PRODUCTION, PostgreSQL, venv, wait_until
from tests.support import LEANEST, Say, clean_environment, commit, copy_of, refusal, run

pytestmark = pytest.mark.services("postgresql")

MODELS = """
from django.db import models


class Product(models.Model):
"""
# Of each release; `docs/databases.md` has its migrations.
FIELDS = {
    0: """
    name = models.CharField(max_length=50)
    stock = models.IntegerField(null=True)
    note = models.TextField()
""",
    1: """
    title = models.CharField(max_length=50, null=True)
    stock = models.IntegerField(null=True)
""",
    2: """
    title = models.CharField(max_length=50)
    stock = models.IntegerField(default=0)
""",
}
MIGRATION = """
from django.db import migrations, models
from django.db.models import F, Q
from plinth.database.operations import *


class Migration(migrations.Migration):
    dependencies = [("shop", "{before}")]
"""
# Requests of one release, until SIGTERM: rows of its own, and one that all count in.
WRITER = """
import json, signal, sys
from django.db import transaction
from apps.shop.models import Product

field, release, fields = "title", sys.argv[-1], {}
if release == "0":
    field, fields = "name", {"note": "a note"}
stopped, mine, counted = [], {}, 0
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
print("started", flush=True)
while not stopped:
    text = f"{release}-{len(mine)}"
    stock = None if release == "0" else len(mine)
    row = Product.objects.create(**{field: "new"}, stock=stock, **fields)
    Product.objects.filter(pk=row.pk).update(**{field: text})
    mine[row.pk] = text
    assert getattr(Product.objects.get(pk=row.pk), field) == text
    with transaction.atomic():
        shared = Product.objects.select_for_update().get(pk=1)
        setattr(shared, field, str(int(getattr(shared, field)) + 1))
        shared.save()
    counted += 1
print(json.dumps({"mine": mine, "counted": counted}), flush=True)
"""


class Releases:
    """The example of docs/databases.md: an app and its database, release by release."""

    def __init__(self, project: Path, folder: Path, server: PostgreSQL) -> None:
        self.server, self.folder = server, folder
        self.projects = {}
        page = (project / "docs/databases.md").read_text()
        blocks = re.findall(r"(?m)^    # (\d{4}_\w+)\.py\n((?:    [^#].*\n)+)", page)
        self.steps = {name: dedent(block) for name, block in blocks}
        assert len(self.steps) == 5
        for release, steps in {0: 0, 1: 3, 2: 5}.items():
            (folder / str(release)).mkdir()
            self.projects[release] = copy_of(project, folder / str(release))
            self.write(release, [*self.steps][:steps])

    def write(self, release: int, steps: list[str]) -> None:
        project = self.projects[release]
        app = project / "apps/shop"
        (app / "migrations").mkdir(parents=True)
        (app / "__init__.py").touch()
        (app / "migrations/__init__.py").touch()
        (app / "writer.py").write_text(WRITER)
        replace(
            "config/settings/base.py",
            '    "apps.pages",\n',
            '    "apps.pages",\n    "apps.shop",\n',
        )(project)
        (app / "models.py").write_text(MODELS + FIELDS[0])
        self.manage(release, "makemigrations", "shop")
        commit(project)
        before = "0001_initial"
        for name in steps:
            text = MIGRATION.format(before=before)
            for line in self.steps[name].rstrip().splitlines():
                text += f"    {line}\n" if line else "\n"
            (app / f"migrations/{name}.py").write_text(text)
            before = name
        (app / "models.py").write_text(MODELS + FIELDS[release])

    def manage(self, release: int, *arguments: str, **variables: str) -> str:
        url = {"DATABASE_URL": self.server.url}
        return manage(self.projects[release], *arguments, **url | variables)

    @contextmanager
    def requests(self, release: int) -> Iterator[dict]:
        """Requests that a release serves in the block; filled with what they wrote."""
        done: dict = {}
        project = self.projects[release]
        command = "import sys; sys.argv = ['', sys.argv[-1]]; import apps.shop.writer"
        code = f"import django; django.setup(); {command}"
        with subprocess.Popen(
            list(map(str, venv("python", "-c", code, str(release), of=project))),
            cwd=project,
            env=clean_environment() | PRODUCTION | {"DATABASE_URL": self.server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout
            assert writer.stderr
            try:
                assert writer.stdout.readline() == "started\n", writer.stderr.read()
                yield done
                time.sleep(1)
            finally:
                writer.send_signal(signal.SIGTERM)
                output, errors = writer.communicate(timeout=120)
            assert writer.returncode == 0, errors
            done |= json.loads(output.splitlines()[-1])


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    with services.primary() as server:
        yield server


def test_two_releases_share_a_database_while_it_is_migrated(
    install: Bake, tmp_path: Path, server: PostgreSQL, record_property: Say
) -> None:
    """Rename, NOT NULL and drop: no request fails, and no value is lost."""
    releases = Releases(install(**LEANEST), tmp_path, server)
    releases.manage(0, "migrate", "--verbosity=0")
    server.sql("INSERT INTO shop_product (name, note) VALUES ('0', '')")
    server.sql(
        "INSERT INTO shop_product (name, note)"
        " SELECT 'old', '' FROM generate_series(1, 5000)"
    )
    for release in (1, 2):
        # Against the commit with the first migration, and as written by makemigrations.
        released = "HEAD" if release == 1 else commit_of_release_1(releases)
        releases.manage(release, "lint_migrations", MIGRATIONS_BASE=released)
        releases.manage(release, "makemigrations", "--check", "shop")

    with releases.requests(0) as old:
        # Old code, old and new schema.
        releases.manage(1, "migrate", "--before-deploy", "--verbosity=0")
        with releases.requests(1) as new:
            time.sleep(2)
            differing = "SELECT count(*) FROM shop_product WHERE name <> title"
            assert server.sql(differing) == "0"
    # The release that serves, and the new one before and after the contraction.
    with releases.requests(1) as again:
        releases.manage(2, "migrate", "--before-deploy", "--verbosity=0")
        assert "note" in columns(server)
        with releases.requests(2) as newest:
            time.sleep(1)
    with releases.requests(2) as last:
        releases.manage(2, "migrate", "--verbosity=0")
        assert columns(server) == {"id": "NO", "title": "NO", "stock": "NO"}

    served = [old, new, again, newest, last]
    rows = dict(
        line.split("|")
        for line in server.sql("SELECT id, title FROM shop_product").splitlines()
    )
    for writer in served:
        assert writer["counted"] > 2
        assert {key: rows[key] for key in writer["mine"]} == writer["mine"]
    counted = sum(writer["counted"] for writer in served)
    assert rows["1"] == str(counted)
    assert list(rows.values()).count("old") == 5000
    record_property(
        "summary",
        f"two releases, {counted * 4} writes during four migrations: none lost",
    )


def commit_of_release_1(releases: Releases) -> str:
    """Let release 2's repository have what release 1 has released."""
    app = "apps/shop/migrations"
    project = releases.projects[2]
    names = [path.name for path in (releases.projects[1] / app).glob("0*.py")]
    run("git", "add", *(f"{app}/{name}" for name in names), cwd=project)
    run(
        "git",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@b",
        "commit",
        "-qnm",
        "1",
        cwd=project,
    )
    return "HEAD"


def columns(server: PostgreSQL) -> dict[str, str]:
    rows = server.sql(
        "SELECT column_name, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'shop_product'"
    )
    return dict(line.split("|") for line in rows.splitlines())


# Locks


@contextmanager
def long_transaction(server: PostgreSQL) -> Iterator[None]:
    """A report that has read products, and whose transaction is open."""
    psql = ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", "app", "-Atq"]
    with subprocess.Popen(
        [*psql, "postgres"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as report:
        assert report.stdin
        assert report.stdout
        report.stdin.write("BEGIN; SELECT count(*) FROM shop_product;\n")
        report.stdin.flush()
        assert report.stdout.readline()
        try:
            yield
        finally:
            report.communicate("COMMIT;\n")


@pytest.fixture
def releases(install: Bake, tmp_path: Path, server: PostgreSQL) -> Releases:
    releases = Releases(install(**LEANEST), tmp_path, server)
    releases.manage(0, "migrate", "--verbosity=0")
    server.sql("INSERT INTO shop_product (name, note) VALUES ('0', '')")
    return releases


def test_migration_gives_up_its_lock_and_retries(
    releases: Releases, server: PostgreSQL, tmp_path: Path, record_property: Say
) -> None:
    """A long transaction has the table: requests wait for a second at most."""
    log = tmp_path / "log"
    command = venv("python", "manage.py", "migrate", of=releases.projects[1])
    env = PRODUCTION | {"DATABASE_URL": server.url}
    times = []
    with (
        long_transaction(server),
        services.process(
            *command, cwd=releases.projects[1], log=log, env=env
        ) as migrate,
    ):
        while "attempt 3 of 10" not in log.read_text():
            start = time.monotonic()
            server.sql("UPDATE shop_product SET note = note || '.'")
            times.append(time.monotonic() - start)
            assert migrate.poll() is None, log.read_text()
        assert "title" not in columns(server)
    manage_again = releases.manage(1, "migrate")

    assert "Applying shop.0004_retire... OK" in manage_again
    assert max(times) < 2
    record_property(
        "summary",
        f"{len(times)} writes behind a waiting migration, {max(times):.2f} s at most",
    )


def test_migration_that_retries_succeeds_when_the_lock_is_released(
    releases: Releases, server: PostgreSQL, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    command = venv("python", "manage.py", "migrate", of=releases.projects[1])
    env = PRODUCTION | {"DATABASE_URL": server.url}
    cwd = releases.projects[1]
    with services.process(*command, cwd=cwd, log=log, env=env) as migrate:
        with long_transaction(server):
            wait_until(lambda: "attempt 1 of 10" in log.read_text())
        assert migrate.wait(60) == 0, log.read_text()
    assert "title" in columns(server)


def test_migration_without_its_lock_names_who_has_it(
    releases: Releases, server: PostgreSQL
) -> None:
    env = PRODUCTION | {"DATABASE_URL": server.url}
    command = venv("python", "manage.py", "migrate", of=releases.projects[1])
    with long_transaction(server):
        lines = refusal(*command, "--attempts=2", cwd=releases.projects[1], env=env)

    [line] = [line for line in lines if line.startswith("CommandError")]
    for words in (
        "shop.0002_expand: no lock on shop_product in 2 attempts of 1 s",
        "(psql, idle in transaction, for 0:00:0",
        "'SELECT count(*) FROM shop_product;'",
        "pg_terminate_backend(",
    ):
        assert words in line, line
    assert "title" not in columns(server)


def test_concurrent_index_waits_and_long_lock_is_cancelled(
    releases: Releases, server: PostgreSQL, tmp_path: Path
) -> None:
    """Neither time limit is for an index that blocks nothing."""
    project = releases.projects[0]
    app = project / "apps/shop/migrations"
    (app / "0002_index.py").write_text(
        MIGRATION.format(before="0001_initial")
        + "    atomic = False\n"
        + '    operations = [AddIndexOnline("product", models.Index(fields=["note"], name="note"))]\n'
    )
    (app / "0003_slow.py").write_text(
        MIGRATION.format(before="0002_index")
        + '    operations = [RunPostgreSQL("LOCK TABLE shop_product"), RunPostgreSQL("SELECT pg_sleep(9)")]\n'
    )
    env = PRODUCTION | {"DATABASE_URL": server.url}
    limits = ("--lock-timeout=0.2", "--statement-timeout=0.5")
    command = [*venv("python", "manage.py", "migrate", of=project), *limits]
    # What an interrupted run left.
    server.sql('CREATE INDEX note ON shop_product ("name")')
    log = tmp_path / "log"
    with services.process(
        *command, "shop", "0002", cwd=project, log=log, env=env
    ) as migrate:
        with long_transaction(server):
            wait_until(lambda: "0002_index" in log.read_text())
            time.sleep(2)
            assert migrate.poll() is None, log.read_text()
        assert migrate.wait(60) == 0, log.read_text()
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'note'::regclass"
    assert server.sql(valid) == "t"

    lines = refusal(*command, cwd=project, env=env)

    assert "shop.0003_slow: a statement held its lock for 0.5 s" in lines[-1]
