"""deploy/backup.sh and deploy/restore.sh, on a real PostgreSQL.

Docker and runuser are scripts here that run the commands on this machine; the template's
tests run both for real.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings

from plinth_tests import postgresql
from plinth_tests.postgresql import Server

pytestmark = pytest.mark.practice(41)

DEPLOY = settings.BASE_DIR / "deploy"
TARGETS = [name for name in ("compose", "systemd") if (DEPLOY / name).exists()]
# Without the words that name a container, and /app in the test's folder.
DOCKER = """#!/bin/sh
echo "$*" >>"{log}"
case "$*" in
"compose exec --no-TTY "*) shift 4 ;;
"exec --interactive "*) shift 3 ;;
"compose run --rm --no-TTY --no-deps migrate "*) shift 6 ;;
*) exit ;;
esac
# The role is there: all servers are the same one.
[ "$1" != createuser ] || exit 0
# The last word may be a command line.
for word; do
    shift
    set -- "$@" "$(echo "$word" | sed "s|/app|{app}|")"
done
exec "$@"
"""
# Without the user, and without a server for the drill.
RUNUSER = """#!/bin/sh
echo "$*" >>"{log}"
shift 3
case "$1" in
*/initdb | */pg_ctl | createuser) exit ;;
esac
PGHOST=localhost PGPORT={port} exec "$@"
"""
RECORD = """#!/bin/sh
echo "$*" >>"{log}"
"""


class Host:
    """A folder of deploy/ on a host, after setup.sh, with rows and an uploaded file."""

    def __init__(self, folder: Path, server: Server, target: str) -> None:
        self.target, self.port, self.sql = target, server.port, server.sql
        self.top = folder / "deploy"
        self.folder = self.top / target
        self.app = folder if target == "systemd" else folder / "app"
        self.log = folder / "log"
        shutil.copytree(DEPLOY / target, self.folder)
        for name in ("backup.sh", "restore.sh", "rows.sql"):
            shutil.copy(DEPLOY / name, self.top)
        for name in ("secrets", "textfile", "tls"):
            (self.folder / name).mkdir()
        for name in (".env", "site.env", "secrets/secret_key"):
            (self.folder / name).write_text("unguessable")
        server_name = "127.0.0.1" if target == "systemd" else "postgres"
        url = f"postgres://app:unguessable@{server_name}:5432/app"
        (self.folder / "secrets/database_direct_url").write_text(url)
        for name in ("media", "private"):
            (self.app / name).mkdir(parents=True)
        # The release that serves, without Docker.
        (folder / "releases/current").mkdir(parents=True)
        (self.app / "media/photo.txt").write_text("a photo of Ann")
        self.programs = folder / "bin"
        self.programs.mkdir()
        for name, script in {
            "docker": DOCKER,
            "runuser": RUNUSER,
            "systemctl": RECORD,
            "install": "#!/bin/sh\n",
        }.items():
            self.program(
                name, script.format(app=self.app, log=self.log, port=self.port)
            )
        (self.folder / "python.sh").write_text(RECORD.format(log=self.log))
        (self.folder / "python.sh").chmod(0o755)
        recipient = self.key("site")
        (self.folder / "backup.pub").write_text(f"# Ann's\n{recipient}\n")
        self.sql(
            "CREATE TABLE note (id bigint PRIMARY KEY, text text, made timestamptz);"
            "CREATE TABLE other AS SELECT 1 AS id;"
            "INSERT INTO note SELECT i, 'private note ' || i, now()"
            " FROM generate_series(1, 1000) i"
        )

    def key(self, name: str) -> str:
        """Make a key; return its public half."""
        file = self.top / f"{name}.key"
        postgresql.call("age-keygen", "-o", file)
        return postgresql.call("age-keygen", "-y", file).strip()

    def program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def databases(self) -> set[str]:
        return set(self.sql("SELECT datname FROM pg_database").split())

    def run(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        found = postgresql.programs()
        path = f"{self.programs}:{found}:{os.environ['PATH']}"
        server = {
            "PGHOST": "localhost",
            "PGPORT": str(self.port),
            "PGSSLMODE": "disable",
        }
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.top), **server, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def backup(self, **variables: str) -> Path:
        """Back up; return the new backup."""
        before = self.backups()
        done = self.run("./backup.sh", **variables)
        assert done.returncode == 0, done.stderr
        [new] = self.backups() - before
        return new

    def backups(self) -> set[Path]:
        return set((self.folder / "backups").glob("[!.]*"))

    def drill(self, key: str = "site", backup: str = "") -> "Verdict":
        done = self.run(f"./restore-drill.sh ../{key}.key {backup}")
        return Verdict(done.returncode, done.stdout, done.stderr)


class Verdict(NamedTuple):
    code: int
    out: str
    error: str


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    for program in ("age", "age-keygen", "flock", "psql"):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    with postgresql.server() as server:
        yield server


@pytest.fixture(params=TARGETS)
def host(
    tmp_path: Path, server: Server, request: pytest.FixtureRequest
) -> Iterator[Host]:
    yield Host(tmp_path, server, request.param)
    server.sql("DROP OWNED BY app")


def sum_up(backup: Path) -> None:
    """Write the checksums of a backup again."""
    command = "sha256sum -- *.age >SHA256SUMS"
    subprocess.run(["sh", "-c", command], cwd=backup, check=True)


def test_drill_restores_rows_and_files_equal(host: Host) -> None:
    backup = host.backup()

    verdict = host.drill()

    assert verdict.code == 0, verdict.error
    assert verdict.out.startswith(
        f"Drill passed: backups/{backup.name} is restored, in 0 min"
    )
    assert verdict.out.endswith("2 tables, 1001 rows with equal checksums, 1 files.\n")
    assert verdict.error == ""
    # Its own server, and nothing of the site's.
    words = host.log.read_text().splitlines()
    if host.target == "systemd":
        assert " start " in "\n".join(words)
        assert words[-1].endswith("--mode immediate stop")
        return
    [started] = [line for line in words if line.startswith("run ")]
    name = started.split("--name ")[1].split()[0]
    assert words[-1] == f"rm --force --volumes {name}"
    assert "--network none" in started
    assert started.partition(" -c ")[0].endswith("trust postgres:17")


def test_restore_replaces_the_rows_and_adds_the_files(host: Host) -> None:
    host.backup()
    rows = host.sql("SELECT * FROM note ORDER BY id")
    host.sql("DELETE FROM note; CREATE TABLE newer (id bigint)")
    (host.app / "media/photo.txt").unlink()

    # As over ssh, without a file on the host.
    done = host.run("./restore.sh - <../site.key")

    assert done.returncode == 0, done.stderr
    assert host.sql("SELECT * FROM note ORDER BY id") == rows
    assert host.sql("SELECT to_regclass('newer')") == ""
    assert (
        host.sql("SELECT count(*) FROM pg_constraint WHERE conname = 'note_pkey'")
        == "1"
    )
    assert (host.app / "media/photo.txt").read_text() == "a photo of Ann"
    assert re.search("(?m)(--no-TTY|manage.py) migrate$", host.log.read_text())
    assert "restored" not in host.databases()
    if host.target == "compose":
        # Before another image serves, what the present one can run with.
        assert host.run("./restore.sh ../site.key", IMAGE="site:2").returncode == 0
        assert "migrate --before-deploy\n" in host.log.read_text()


def test_rows_and_dump_are_of_one_moment(host: Host) -> None:
    """A row that is inserted after the rows were counted is not in the dump."""
    real = shutil.which("pg_dump", path=str(postgresql.programs()))
    insert = "psql -qU app -c \"INSERT INTO note VALUES (0, 'late', now())\" app"
    host.program("pg_dump", f'#!/bin/sh\n{insert}\nexec {real} "$@"\n')

    host.backup()

    assert host.sql("SELECT count(*) FROM note") == "1001"
    verdict = host.drill()
    assert verdict.code == 0, verdict.error
    assert "1001 rows" in verdict.out


def test_host_cannot_read_its_backups(host: Host) -> None:
    backup = host.backup()

    files = {file.name: file for file in backup.iterdir()}
    parts = {"database.dump", "files.tar", "host.tar", "rows"}
    assert files.keys() == {*(f"{part}.age" for part in parts), "SHA256SUMS"}
    for name, file in files.items():
        assert file.stat().st_mode & 0o777 == 0o600
        if name != "SHA256SUMS":
            content = file.read_bytes()
            assert content.startswith(b"age-encryption.org/v1\n")
            for text in (b"note", b"photo", b"unguessable"):
                assert text not in content
    assert backup.stat().st_mode & 0o777 == 0o700


def test_secrets_and_settings_are_restored(host: Host) -> None:
    backup = host.backup()

    names = postgresql.call(
        "sh", "-c", f"age -d -i {host.top}/site.key {backup}/host.tar.age | tar -t"
    ).split()

    assert {"site.env", "backup.pub", "secrets/secret_key", "tls/"} <= {*names}
    assert (".env" in names) is (host.target == "compose")


def truncate(backup: Path) -> None:
    file = backup / "database.dump.age"
    file.write_bytes(file.read_bytes()[:-100])


def corrupt(backup: Path) -> None:
    content = bytearray((backup / "files.tar.age").read_bytes())
    content[-50] ^= 1
    (backup / "files.tar.age").write_bytes(content)


def lose_a_file(backup: Path) -> None:
    (backup / "host.tar.age").unlink()


def stop_halfway(backup: Path) -> None:
    (backup / "SHA256SUMS").unlink()


def truncate_before_the_checksums(backup: Path) -> None:
    truncate(backup)
    sum_up(backup)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "is damaged: database.dump.age."),
        (corrupt, "is damaged: files.tar.age."),
        (lose_a_file, "is damaged: host.tar.age."),
        (stop_halfway, "is no complete backup."),
        (truncate_before_the_checksums, "cannot be restored: "),
    ],
)
def test_damaged_backup_fails_the_drill_with_one_line(
    host: Host, damage: object, reason: str
) -> None:
    backup = host.backup()
    assert callable(damage)
    damage(backup)

    verdict = host.drill()

    assert (verdict.code, verdict.out) == (1, "")
    [line] = verdict.error.splitlines()
    assert line.startswith(f"Drill: backups/{backup.name} {reason}")


def test_backup_for_another_key_fails_the_drill_with_one_line(host: Host) -> None:
    backup = host.backup()
    host.key("other")

    verdict = host.drill("other")

    assert verdict == (
        1,
        "",
        (
            f"Drill: backups/{backup.name} cannot be decrypted: no identity matched any of "
            "the recipients.\n"
        ),
    )


def test_missing_server_fails_the_drill_with_one_line(host: Host) -> None:
    backup = host.backup()
    host.program("dropdb", "#!/bin/sh\necho 'dropdb: error: no server' >&2\nexit 1\n")

    verdict = host.drill()

    assert verdict.error == (
        f"Drill: backups/{backup.name} cannot be restored: no server.\n"
    )


def test_differing_rows_fail_the_drill_and_replace_nothing(host: Host) -> None:
    backup = host.backup()
    key = host.top / "site.key"
    rows = postgresql.call("age", "-d", "-i", key, backup / "rows.age")
    changed = host.top / "rows"
    changed.write_text(rows.replace("note|1000|", "note|1001|"))
    recipients = host.folder / "backup.pub"
    postgresql.call("age", "-R", recipients, "-o", backup / "rows.age", changed)
    sum_up(backup)
    host.sql("DELETE FROM note WHERE id > 10")

    verdict = host.drill()
    restored = host.run("./restore.sh ../site.key")

    assert (
        verdict.error
        == f"Drill: backups/{backup.name} is not what was restored: note.\n"
    )
    assert verdict.code == restored.returncode == 1
    assert host.sql("SELECT count(*) FROM note") == "10"
    assert "restored" not in host.databases()


def test_checksum_sees_a_changed_value_and_no_order(host: Host) -> None:
    def rows() -> str:
        done = host.run("psql -X -qAt -U app app <../rows.sql")
        assert done.returncode == 0, done.stderr
        return done.stdout

    before = rows()
    host.sql("UPDATE note SET made = made WHERE id = 1")
    assert host.sql("SELECT ctid <> '(0,1)' FROM note WHERE id = 1") == "t"
    assert rows() == before
    host.sql("UPDATE note SET text = text || ' ' WHERE id = 1")
    assert rows() != before
    assert rows().startswith("note|1000|")


def test_full_disk_leaves_the_last_backup(host: Host) -> None:
    old = host.backup()
    metric = (host.folder / "textfile/backup.prom").read_text()
    host.sql(
        "INSERT INTO note SELECT i, md5(i::text), now() FROM generate_series(1001, 20000) i"
    )

    # In units of 512 bytes: a file gets no larger.
    done = host.run("ulimit -f 200; ./backup.sh")

    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1] == "Backup failed: the database cannot be dumped."
    )
    assert host.backups() == {old}
    assert not (host.folder / "backups/.new").exists()
    assert (host.folder / "textfile/backup.prom").read_text() == metric
    assert host.drill().code == 0
    # With space again.
    assert host.backup() != old


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("pg_dump", "the database cannot be dumped"),
        ("psql", "the database cannot be dumped"),
        ("tar", "the uploaded files cannot be read"),
        ("sync", "the disk cannot be written"),
    ],
)
def test_failure_leaves_no_backup_and_says_which_part(
    host: Host, broken: str, reason: str
) -> None:
    # Begins, and fails in the middle.
    host.program(broken, "#!/bin/sh\necho begun\nexit 3\n")

    done = host.run("./backup.sh")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"Backup failed: {reason}."
    assert host.backups() == set()
    assert not (host.folder / "textfile/backup.prom").exists()


def test_missing_recipient_is_named(host: Host) -> None:
    (host.folder / "backup.pub").unlink()

    done = host.run("./backup.sh")

    assert done.stderr == (
        "Backup failed: write the public key of age-keygen into backup.pub.\n"
    )


def test_database_elsewhere_is_not_backed_up_as_an_empty_one(host: Host) -> None:
    url = "postgres://app:unguessable@db.example.com:5432/app"
    (host.folder / "secrets/database_direct_url").write_text(url)

    done = host.run("./backup.sh")

    assert done.returncode == 1
    assert "of this host: its provider makes the backups" in done.stderr


def test_second_backup_at_a_time_is_refused(host: Host) -> None:
    (host.folder / "backups").mkdir()

    done = host.run("flock backups/.lock ./backup.sh")

    assert done.stderr == "Backup failed: another backup is running.\n"


def test_only_old_backups_are_deleted_and_only_after_success(host: Host) -> None:
    folder = host.folder / "backups"
    days = [1, 6, 8, 400]
    names = [
        postgresql.call("date", "-u", f"--date=-{n} days", "+%Y-%m-%dT%H%M%SZ").strip()
        for n in days
    ]
    for name in (*names, "mine", ".new"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").touch()
    key = (host.folder / "backup.pub").read_text()
    (host.folder / "backup.pub").write_text("not a key")
    assert host.run("./backup.sh", BACKUP_DAYS="7").returncode == 1
    assert {path.name for path in host.backups()} == {*names, "mine"}

    (host.folder / "backup.pub").write_text(key)
    new = host.backup(BACKUP_DAYS="7")

    assert {path.name for path in folder.iterdir()} - {".lock"} == {
        *names[:2],
        "mine",
        new.name,
    }


def test_success_is_a_metric_that_node_exporter_reads(host: Host) -> None:
    host.backup()

    file = host.folder / "textfile/backup.prom"
    name, value = file.read_text().split()
    assert name == "backup_last_success_timestamp_seconds"
    assert abs(float(value) - file.stat().st_mtime) < 5
    assert file.stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(not shutil.which("rclone"), reason="needs rclone")
def test_copy_elsewhere_is_complete_or_without_checksums(host: Host) -> None:
    remote = host.top / "bucket"
    backup = host.backup(BACKUP_REMOTE=str(remote))

    copy = remote / backup.name
    assert {file.name for file in copy.iterdir()} == {f.name for f in backup.iterdir()}
    shutil.rmtree(backup)
    assert host.drill(backup=str(copy)).code == 0

    remote.joinpath("file").touch()
    metric = (host.folder / "textfile/backup.prom").read_text()
    done = host.run("./backup.sh", BACKUP_REMOTE=str(remote / "file"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Backup failed: backups/")
    # It is here, and not there: the alert shall fire.
    assert len(host.backups()) == 1
    assert (host.folder / "textfile/backup.prom").read_text() == metric
