"""Everyday work: what owners do in their first weeks leaves every suite and check green.

Each job changes a fresh bake as a person would, by hand. `make test` does all jobs in
two projects, and runs the suites once in each; `make scale` does job by job.
"""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent

import pytest

from tests import services
from tests.conftest import Bake
from tests.mutations import replace
from tests.support import DEFAULT, commit, copy_of, run
from tests.test_ci import push

type Job = Callable[[Path], None]

BASE = "config/settings/base.py"
URLS = "config/urls.py"


def write(project: Path, name: str, text: str) -> None:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"))


def insert(project: Path, name: str, anchor: str, text: str) -> None:
    """Put lines behind the line that has an anchor."""
    path = project / name
    lines = path.read_text().splitlines(keepends=True)
    (number,) = [n for n, line in enumerate(lines) if anchor in line]
    lines.insert(number + 1, text)
    path.write_text("".join(lines))


def delete_lines(project: Path, name: str, pattern: str) -> None:
    path = project / name
    text, count = re.subn(rf"(?m)^.*{pattern}.*\n", "", path.read_text())
    assert count, f"{name} has no line like {pattern}"
    path.write_text(text)


def manage(project: Path, *arguments: str) -> None:
    run(".venv/bin/python", "manage.py", *arguments, cwd=project)


def app_with_a_list(project: Path) -> None:
    """`make app`, and the two lines that it asks for."""
    run("make", "app", "NAME=blog", cwd=project)
    insert(project, BASE, '"apps.pages",', '    "apps.blog",\n')
    insert(
        project,
        URLS,
        'include("apps.pages.urls")',
        '        path("blog/", include("apps.blog.urls")),\n',
    )
    manage(project, "makemigrations", "blog")


def function_view(project: Path) -> None:
    """As Django's tutorial writes its first view, without a name."""
    write(
        project,
        "apps/pages/about.py",
        """
        from django.http import HttpRequest, HttpResponse


        def about(request: HttpRequest) -> HttpResponse:
            return HttpResponse("About us")
        """,
    )
    insert(
        project,
        "apps/pages/urls.py",
        'name="home"',
        '    path("about/", about.about),\n',
    )
    urls = project / "apps/pages/urls.py"
    text = urls.read_text()
    assert "from . import views" in text
    urls.write_text(text.replace("from . import views", "from . import about, views"))


def required_field_of_the_example(project: Path) -> None:
    """A column, and its value in the one product of the tests."""
    insert(
        project,
        "apps/catalog/models.py",
        "    sku = models.",
        '    maker = models.CharField("maker", max_length=80, default="", db_default="")\n',
    )
    manage(project, "makemigrations", "catalog")
    insert(
        project,
        "tests/catalog/conftest.py",
        'name="Brass lamp"',
        '        maker="Ann Smith",\n',
    )


def middleware(project: Path) -> None:
    write(
        project,
        "apps/pages/middleware.py",
        """
        from collections.abc import Callable

        from django.http import HttpRequest, HttpResponse


        class TeapotMiddleware:
            def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
                self.get_response = get_response

            def __call__(self, request: HttpRequest) -> HttpResponse:
                response = self.get_response(request)
                response["X-Teapot"] = "yes"
                return response
        """,
    )
    insert(
        project,
        BASE,
        '"django.middleware.clickjacking.XFrameOptionsMiddleware"',
        '    "apps.pages.middleware.TeapotMiddleware",\n',
    )


def own_home_page(project: Path) -> None:
    """The template's home page goes, with the test of what it said."""
    write(
        project,
        "templates/pages/home.html",
        """
        {% extends "base.html" %}

        {% block content %}
          <h1>Fresh bread</h1>
        {% endblock content %}
        """,
    )


def third_party_app(project: Path) -> None:
    """A package with models and migrations."""
    uv = shutil.which("uv") or project / ".uv/bin/uv"
    run(uv, "add", "--quiet", "django-waffle", cwd=project)
    insert(project, BASE, '"apps.pages",', '    "waffle",\n')
    insert(
        project,
        BASE,
        '"django.contrib.messages.middleware.MessageMiddleware"',
        '    "waffle.middleware.WaffleMiddleware",\n',
    )
    # As the linter's name says: only the settings name it, where deptry sees no import.
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.deptry.per_rule_ignores]\nDEP002 = ["django-waffle"]\n')


def script_of_a_cdn(project: Path) -> None:
    path = project / "config/settings/parts/security.py"
    text = path.read_text()
    changed = re.sub(
        r'("script-src": \[)', r'\1"https://cdn.example.com/htmx/", ', text
    )
    assert changed != text
    path.write_text(changed)


def field_of_the_user(project: Path) -> None:
    """A column, and its field on the profile, as plinth/README.md says."""
    path = project / "apps/accounts/models.py"
    path.write_text(
        "from django.db import models\n\n"
        + path.read_text()
        + '\n    phone = models.CharField("phone", max_length=20, blank=True)\n'
    )
    manage(project, "makemigrations", "accounts")
    write(
        project,
        "apps/accounts/views.py",
        """
        from plinth.accounts import forms, views


        class ProfileForm(forms.ProfileForm):
            class Meta(forms.ProfileForm.Meta):
                fields = [*forms.ProfileForm.Meta.fields, "phone"]


        class ProfileView(views.ProfileView):
            form_class = ProfileForm
        """,
    )
    urls = project / "apps/accounts/urls.py"
    text = urls.read_text().replace("views.ProfileView", "ProfileView")
    line = "from plinth.accounts import views\n"
    assert line in text
    urls.write_text(text.replace(line, "from .views import ProfileView\n"))


def periodic_task(project: Path) -> None:
    write(
        project,
        "apps/pages/tasks.py",
        """
        from celery.schedules import crontab

        from apps.accounts.models import User
        from plinth.tasks.app import app


        @app.task(beat_schedule=crontab(hour="4", minute="0"))
        def count_users() -> int:
            return User.objects.count()
        """,
    )


def second_language(project: Path) -> None:
    replace(BASE, '("en", "English")', '("en", "English"), ("de", "Deutsch")')(project)
    write(
        project,
        "locale/de/LC_MESSAGES/django.po",
        """
        msgid ""
        msgstr ""
        "Content-Type: text/plain; charset=UTF-8\\n"

        msgid "Current password"
        msgstr "Jetziges Passwort"
        """,
    )


def decision_record(project: Path) -> None:
    path = project / "docs/decisions.md"
    path.write_text(
        path.read_text().rstrip() + "\n\n## We bake bread\n\nBecause we like it.\n"
    )


def delete_the_example(project: Path) -> None:
    """Three folders, and a line each in two files."""
    for folder in ("apps/catalog", "tests/catalog", "templates/catalog"):
        shutil.rmtree(project / folder)
    delete_lines(project, BASE, r'"apps\.catalog"')
    delete_lines(project, URLS, r"apps\.catalog\.urls")


def without_the_ledger(project: Path) -> None:
    delete_lines(project, BASE, r'"plinth\.practices"')


JOBS: list[Job] = [
    app_with_a_list,
    function_view,
    middleware,
    own_home_page,
    third_party_app,
    script_of_a_cdn,
    field_of_the_user,
    required_field_of_the_example,
    periodic_task,
    second_language,
    decision_record,
    delete_the_example,
    without_the_ledger,
]
# In a shell somewhere, for another project or for the site itself.
EXPORTED = {
    "DEBUG": "false",
    "SECRET_KEY": "of-the-shell",
    "REDIS_URL": "redis://127.0.0.1:1",
    "CDN_DOMAIN": "cdn.example.com",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/1",
    "AWS_STORAGE_BUCKET_NAME": "bucket",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "SITE_NAME": "Another",
    "LOG_LEVEL": "ERROR",
    "WEB_CONCURRENCY": "9",
}
ADDITIONS = [
    *(app_with_a_list, function_view, middleware, own_home_page, periodic_task),
    *(third_party_app, script_of_a_cdn, field_of_the_user, second_language),
    required_field_of_the_example,
]


def name(job: Job) -> str:
    return job.__name__


def prepare(install: Bake, folder: Path, jobs: Sequence[Job]) -> Path:
    project = copy_of(install(**DEFAULT), folder)
    # Of its own, as a job may install a package; its files are links, so that Python need
    # not compile them again.
    shutil.rmtree(project / ".venv")
    shutil.copytree(
        install(**DEFAULT) / ".venv",
        project / ".venv",
        symlinks=True,
        copy_function=os.link,
    )
    # Its packages name the other project's foundation until make installs them again.
    for stamp in ("dev", "test", "lint"):
        (project / ".venv" / stamp).unlink()
    run("make", "setup", ".venv/lint", cwd=project)
    for job in jobs:
        job(project)
    if jobs:
        # It exports requirements.txt again after a new dependency.
        run("make", "setup", cwd=project)
        commit(project, "Everyday work")
    return project


def check(project: Path, *targets: str, **variables: str) -> None:
    for target in targets:
        run("make", target, cwd=project, env=variables)
    assert run("git", "status", "--porcelain", cwd=project) == ""


@pytest.mark.long
@pytest.mark.services("postgresql")
def test_additions_stay_green_at_their_first_push(
    install: Bake, tmp_path: Path, mypy_cache: dict[str, str]
) -> None:
    project = prepare(install, tmp_path / "project", ADDITIONS)

    check(project, "check")
    push(project, tmp_path / "fresh", **mypy_cache)


@pytest.mark.long
@pytest.mark.services("postgresql")
def test_deletion_stays_green_whatever_the_shell_exports(
    install: Bake, tmp_path: Path, mypy_cache: dict[str, str]
) -> None:
    """The example, then the ledger too; on PostgreSQL, which .env names."""
    project = prepare(install, tmp_path, [delete_the_example, decision_record])
    with services.postgresql() as url:
        with (project / ".env").open("a") as file:
            file.write(f"DATABASE_URL={url}\n")
        check(project, "test", **EXPORTED)
        check(project, "check")
        without_the_ledger(project)
        commit(project, "No ledger")

        check(project, "test", "prove", **EXPORTED)
        check(project, "lint", "check", **mypy_cache)


@pytest.mark.scale
@pytest.mark.parametrize("job", JOBS, ids=name)
def test_each_job_stays_green(install: Bake, tmp_path: Path, job: Job) -> None:
    project = prepare(install, tmp_path, [job])

    check(project, "test", "prove", "lint", "check")
