"""Options that a lean project switches on later: an extra and a setting, no template.

The steps are those of plinth/README.md in the project.
"""

import re
from pathlib import Path
from textwrap import dedent, indent

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


def steps(project: Path, heading: str) -> list[str]:
    """The blocks of code in a section of the foundation's README."""
    readme = (project / "plinth/README.md").read_text()
    found = re.search(rf"(?ms)^### {heading}\n(.*?)^##", readme)
    assert found
    blocks = re.findall(r"(?m)(?:^(?: {4,}.*)?\n)+", found[1])
    return [dedent(block).strip() + "\n" for block in blocks if block.strip()]


@pytest.mark.long
@pytest.mark.services("redis")
def test_celery_is_switched_on_by_an_extra(
    project: Path, tmp_path: Path, mypy_cache: dict[str, str]
) -> None:
    setting, example, schedule = steps(project, "Celery")
    add(project, "celery")
    add(project, "local-celery", to="local")
    add(project, "lint-celery", to="lint")
    replace(
        "config/settings/base.py",
        '    "plinth.practices",\n',
        '    "plinth.practices",\n    "plinth.tasks",\n',
    )(project)
    append("config/settings/base.py", f"\n{setting}")(project)
    append(".env.example", f"\n{example}")(project)
    append("config/celery.py", schedule)(project)
    run("make", "setup", cwd=project)
    run("git", "add", "--all", cwd=project)
    for target in ("check", "test", "fix", "lint"):
        run("make", target, cwd=project, env=mypy_cache)
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
            # A ping that no worker is there to hear gets no answer.
            services.wait_until(lambda: " ready." in log.read_text())
            manage(project, "ping_worker", "--timeout", "20", **env)
            code = "from plinth.accounts.tasks import send_password_reset as task"
            shell(project, f"{code}; task.delay('a@example.com', '')", **env)
            services.wait_until(lambda: "send_password_reset" in log.read_text())


ACCOUNTS = """
from allauth.account.models import EmailAddress
from django.test import Client
form = {"username": "ann@example.com", "password": "a long and quiet password"}
response = Client(SERVER_NAME="example.com").post("/accounts/sign-in/", form)
address = EmailAddress.objects.get()
print(response.headers["Location"], address.email, address.verified)
"""


def test_sign_up_is_switched_on_by_an_extra(project: Path, tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    run("make", "setup", cwd=project)
    manage(project, "migrate", "--verbosity", "0", **env)
    code = "from apps.accounts.models import User; User.objects.create_user"
    shell(project, f"{code}('ann@example.com', 'a long and quiet password')", **env)

    part, imported, middleware, repeated, example, providers, url, handler = steps(
        project, "Sign-up"
    )
    base, urls = "config/settings/base.py", "config/urls.py"
    add(project, "sign-up")
    environment = "from .environment import *\n"
    own, frame = '    "apps.accounts",\n', '.XFrameOptionsMiddleware",\n'
    pages = '        path("accounts/", include("apps.accounts.urls")),\n'
    for change in (
        append("config/settings/parts/accounts.py", part),
        replace(base, environment, f"{imported}\n{environment}"),
        replace(base, own, f"    *SIGN_UP_APPS,\n{own}"),
        replace(base, frame, frame + indent(middleware, " " * 4)),
        replace(base, "ZEAL_ALLOWLIST = [\n", f"ZEAL_ALLOWLIST = [\n{repeated}"),
        append(".env.example", f"\n{example}"),
        replace(urls, "    # Once for each", f"    {providers}    # Once for each"),
        replace(urls, pages, f"        {url}{pages}"),
        append(urls, handler),
    ):
        change(project)
    run("make", "setup", cwd=project)
    for target in ("check", "test"):
        run("make", target, cwd=project)
    manage(project, "migrate", "--verbosity", "0", **env)

    found = shell(project, ACCOUNTS, **env).splitlines()[-1].split()

    assert found == ["/accounts/profile/", "ann@example.com", "True"]


@pytest.mark.parametrize(
    ("extra", "number"),
    [("drf", 0), pytest.param("ninja", 1, marks=pytest.mark.scale)],
)
def test_api_is_switched_on_by_an_extra(project: Path, extra: str, number: int) -> None:
    settings, imported, *apps, middleware, example, url = steps(project, "REST API")
    add(project, extra)
    base, blank = "config/settings/base.py", " " * 4
    mail, privacy = '    "plinth.mail",\n', 'SessionPrivacyMiddleware",\n'
    replace(base, mail, indent(apps[number], blank) + mail)(project)
    replace(base, privacy, privacy + indent(middleware, blank))(project)
    storages = "from .parts.storages import *\n"
    replace(base, storages, f"{storages}\n{imported}")(project)
    append("config/settings/parts/web_api.py", settings)(project)
    append(".env.example", f"\n{example}")(project)
    pages = '    path("mail/"'
    replace("config/urls.py", pages, indent(url, blank) + pages)(project)

    run("make", "check", "test", cwd=project)

    code = "from django.test import Client; get = Client(HTTP_HOST='example.com').get; "
    code += "print(get('/api/v1/account/tokens/', secure=True).text)"
    assert '"status": 401' in shell(project, code, **DATABASE)


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


FAIL = """

from django.views.generic import View


class FailView(View):
    def get(self, request):
        raise RuntimeError("the trial view failed")


urlpatterns += [path("trial/fail/", FailView.as_view())]
"""


def test_sentry_is_switched_on_by_an_extra(project: Path, tmp_path: Path) -> None:
    add(project, "sentry")
    [code] = steps(project, "Sentry")
    append("config/settings/parts/errors.py", f"\n{code}")(project)
    run("make", "check", cwd=project)
    received: list[bytes] = []

    def take(path: str, body: bytes) -> bytes:
        received.append(body)
        return b"{}"

    site = servable(project, tmp_path / "site", config__urls=FAIL)
    with collector(take) as port:
        variables = DATABASE | {"SENTRY_DSN": f"http://key@127.0.0.1:{port}/1"}
        with gunicorn(site, tmp_path / "log", **variables) as address:
            assert get(f"{address}/trial/fail/").status == 500
            services.wait_until(lambda: b"the trial view failed" in b"".join(received))
