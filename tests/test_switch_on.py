"""Options that a lean project switches on later: an extra and a setting, no template.

The steps are those of plinth/README.md in the project.
"""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests import services
from tests.conftest import Bake
from tests.mutations import append, replace
from tests.production import manage, servable, shell
from tests.services import PRODUCTION, collector, get, gunicorn, process, venv
from tests.support import LEANEST, REPOSITORY, refusal, run

DATABASE = {"DATABASE_URL": "sqlite://"}


@pytest.fixture
def project(install: Bake, tmp_path: Path) -> Path:
    """A lean project with an environment of its own."""
    copy = tmp_path / "lean"
    run("git", "clone", "--quiet", install(**LEANEST), copy, cwd=tmp_path)
    if (REPOSITORY / ".uv").exists():
        (copy / ".uv").symlink_to(REPOSITORY / ".uv")
        (copy / ".git/info/exclude").write_text(".uv\n")
    return copy


def add(project: Path, extra: str, to: str = "dependencies") -> None:
    """Add an extra of the foundation to the dependencies, or to one of the groups."""
    pyproject = project / "pyproject.toml"
    text, found = re.subn(
        rf'(?m)^({to} = \[(?:\s+#.*)*\s*"django-plinth)(?:\[(.*?)\])?"',
        lambda match: f'{match[1]}[{",".join(filter(None, (match[2], extra)))}]"',
        pyproject.read_text(),
    )
    assert found == 1, to
    pyproject.write_text(text)


def write(project: Path, name: str, text: str) -> None:
    (project / name).write_text(dedent(text).lstrip("\n"))


@pytest.mark.long
@pytest.mark.services("redis")
def test_celery_is_switched_on_by_an_extra(project: Path, tmp_path: Path) -> None:
    add(project, "celery")
    add(project, "local-celery", to="local")
    add(project, "lint-celery", to="lint")
    replace(
        "config/settings/base.py",
        '    "plinth.practices",\n',
        '    "plinth.practices",\n    "plinth.tasks",\n',
    )(project)
    replace(
        "config/settings/base.py",
        "# What /health/ready/ probes",
        "CELERY_BROKER_URL = env.url(\n"
        '    "CELERY_BROKER_URL", "redis", "rediss", "amqp", "amqps"\n'
        ")\n\n# What /health/ready/ probes",
    )(project)
    append(".env.example", "\n# CELERY_BROKER_URL=redis://localhost:6379/1\n")(project)
    write(
        project,
        "config/celery.py",
        '''
        """Celery's schedule. The worker is `celery --app config.celery worker`."""

        import os

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

        from plinth.tasks.app import app
        from plinth.tasks.schedule import registered

        app.conf.beat_schedule = registered()
        ''',
    )
    write(
        project,
        "apps/accounts/tasks.py",
        """
        from plinth.tasks.app import SensitiveTask, app

        from . import services


        @app.task(base=SensitiveTask)
        def send_password_reset(email: str, origin: str) -> None:
            services.send_password_reset(email, origin)
        """,
    )
    run("make", "setup", cwd=project)
    run("git", "add", "--all", cwd=project)
    for target in ("check", "test", "lint"):
        run("make", target, cwd=project)
    assert "make worker" in run("make", cwd=project)

    log = tmp_path / "log"
    with services.redis(tmp_path, services.free_port()) as redis:
        env = {
            "CELERY_BROKER_URL": redis,
            "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        }
        manage(project, "migrate", "--verbosity", "0", **env)
        command = venv("celery", "--app", "config.celery", "worker", of=project)
        with process(*command, cwd=project, log=log, env=PRODUCTION | env):
            manage(project, "ping_worker", "--timeout", "20", **env)
            code = "from apps.accounts.tasks import send_password_reset as task"
            shell(project, f"{code}; task.delay('a@example.com', '')", **env)
            services.wait_until(lambda: "send_password_reset" in log.read_text())


SAVE = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
name = default_storage.save("letter.txt", ContentFile("Dear Ann"))
print(default_storage.url(name), default_storage.open(name).read().decode())
"""


def test_s3_is_switched_on_by_an_extra(project: Path, tmp_path: Path) -> None:
    variables = DATABASE | {
        "AWS_STORAGE_BUCKET_NAME": "uploads",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_S3_REGION_NAME": "eu-west-1",
    }
    run("make", "setup", cwd=project)
    check = venv("python", "manage.py", "check", of=project)
    [line] = refusal(*check, cwd=project, env=PRODUCTION | variables)
    assert "django-plinth[s3]" in line

    add(project, "s3")
    run("make", "check", cwd=project)
    with services.moto(tmp_path) as s3:
        variables |= {"AWS_S3_ENDPOINT_URL": s3}
        client = "boto3.client('s3', endpoint_url='{}', region_name='eu-west-1')"
        make = f"import boto3; {client.format(s3)}.create_bucket(Bucket='uploads', "
        make += "CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})"
        run(*venv("python", "-c", make, of=project), cwd=project, env=variables)

        address, *words = shell(project, SAVE, **variables).split()

        assert words == ["Dear", "Ann"]
        assert address.startswith(f"{s3}/uploads/private/")
        assert "X-Amz-Signature" in address


def test_sentry_is_switched_on_by_an_extra(project: Path, tmp_path: Path) -> None:
    add(project, "sentry")
    append(
        "config/settings/parts/errors.py",
        dedent(
            """
            if SENTRY_DSN := env.url("SENTRY_DSN", "https", "http"):
                from plinth.errors import sentry

                sentry.start(
                    SENTRY_DSN,
                    environment=ENVIRONMENT,
                    release=RELEASE,
                    traces_sample_rate=env.fraction(
                        "SENTRY_TRACES_SAMPLE_RATE", default=0.0
                    ),
                )
            """
        ),
    )(project)
    run("make", "check", cwd=project)
    received: list[bytes] = []

    def take(path: str, body: bytes) -> bytes:
        received.append(body)
        return b"{}"

    site = servable(project, tmp_path, config__urls=FAIL)
    with collector(take) as port:
        variables = DATABASE | {"SENTRY_DSN": f"http://key@127.0.0.1:{port}/1"}
        with gunicorn(site, tmp_path / "log", **variables) as address:
            assert get(f"{address}/trial/fail/").status == 500
            services.wait_until(lambda: b"the trial view failed" in b"".join(received))


FAIL = """

from django.views.generic import View


class FailView(View):
    def get(self, request):
        raise RuntimeError("the trial view failed")


urlpatterns += [path("trial/fail/", FailView.as_view())]
"""
