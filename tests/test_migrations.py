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
from tests.production import PRODUCTION, manage, shell
from tests.services import PostgreSQL, venv, wait_until
from tests.support import LEANEST, Say, clean_environment, commit, copy_of, run

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
                output, errors = writer.communicate(timeout=30)
            assert writer.returncode == 0, errors
            done |= json.loads(output.splitlines()[-1])


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    with services.primary() as server:
        yield server


def test_two_releases_share_a_database_while_it_is_migrated(
    install: Bake, tmp_path: Path, server: PostgreSQL, say: Say
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
        assert writer["counted"] > 20
        assert {key: rows[key] for key in writer["mine"]} == writer["mine"]
    counted = sum(writer["counted"] for writer in served)
    assert rows["1"] == str(counted)
    assert list(rows.values()).count("old") == 5000
    say(f"two releases, {counted * 4} writes during four migrations: none lost")


def commit_of_release_1(releases: Releases) -> str:
    """Let release 2's repository have what release 1 has released."""
    app = "apps/shop/migrations"
    project = releases.projects[2]
    names = [path.name for path in (releases.projects[1] / app).glob("0*.py")]
    run("git", "add", *(f"{app}/{name}" for name in names), cwd=project)
    run("git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qnm", "1", cwd=project)
    return "HEAD"


def columns(server: PostgreSQL) -> dict[str, str]:
    rows = server.sql(
        "SELECT column_name, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'shop_product'"
    )
    return dict(line.split("|") for line in rows.splitlines())
