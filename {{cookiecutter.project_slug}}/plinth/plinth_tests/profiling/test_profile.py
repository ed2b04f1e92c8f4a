"""`make profile` and ?profile: a flame graph, and the functions that take the time."""

import re
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from plinth_tests.processes import EMBEDDED, evaluate, python

pytestmark = pytest.mark.practice(23)

SETTINGS = "plinth_tests.profiling.settings"


def profile(url: str, *options: str | Path, **variables: str) -> CompletedProcess[str]:
    """Run what `make profile` runs, for a moment."""
    variables = {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "DATABASE_URL": "sqlite://",
        **variables,
    }
    arguments = ("-m", "plinth.profiling", url, "--seconds=0.1", *map(str, options))
    return python(*arguments, environment="local", **variables)


@pytest.mark.parametrize("url", ["/hot/", "/stream/"])
def test_hot_function_leads_the_table_and_is_in_the_flame_graph(
    url: str, tmp_path: Path
) -> None:
    file = tmp_path / "graph.html"

    # On a busy machine, a moment is of few samples.
    done = profile(url, f"--output={file}", "--seconds=1")

    assert done.returncode == 0, done.stderr
    status = re.match(
        rf"GET {url} 200: ([\d.]+) ms \(median of \d+ requests\)", done.stdout
    )
    assert status
    table = done.stdout.partition("function\n")[2].splitlines()
    own, fraction, total, name, place = table[0].split()
    assert name == "burn"
    assert re.search(r"plinth_tests/profiling/urls\.py:\d+$", place)
    assert float(fraction.rstrip("%")) > 60
    assert 0 < float(own) <= float(total) <= float(status[1])
    assert len(table[: table.index("")]) == 10
    assert r'"identifier": "burn\u0000' in file.read_text()


def test_flame_graph_needs_no_other_file(tmp_path: Path) -> None:
    file = tmp_path / "graph.html"
    profile("/hot/", f"--output={file}")

    page = file.read_text()

    # XML's namespace is not an address.
    assert set(re.findall(r"https?://[\w.]+", page)) <= {"http://www.w3.org"}
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", page)
    # pyinstrument's page shows a flame graph, and not the tree of calls.
    assert '"pyinstrument:viewOptions",{viewMode:"timeline"}' in page


def test_queries_of_a_request_are_counted(tmp_path: Path) -> None:
    output = f"--output={tmp_path / 'graph.html'}"

    assert " 2 queries (" in profile("/queries/", output).stdout
    cached = profile("/cached/", output).stdout
    assert " 0 queries (" in cached
    assert "1 at the first request" in cached
    assert " 1 queries (" in profile("/cached/", "--no-caches", output).stdout


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("/missing/", "/missing/ is not found (404)"),
        ("/hot", "/hot redirects to /hot/"),
        ("/staff/", "/staff/ needs a user who may see it: USER=you@example.com"),
        (
            "http://localhost:8000/broken/?page=2",
            (
                "/broken/?page=2 raises ZeroDivisionError: integer division or modulo "
                "by zero (ARGS=--traceback shows where)"
            ),
        ),
    ],
)
def test_page_without_a_profile_is_one_line_and_an_error(
    url: str, line: str, tmp_path: Path
) -> None:
    file = tmp_path / "graph.html"

    done = profile(url, f"--output={file}")

    assert (done.returncode, done.stderr) == (1, f"{line}\n")
    assert not file.exists()


def test_user_is_signed_in_for_the_profile_only() -> None:
    code = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import call_command
call_command("migrate", verbosity=0)
from plinth.profiling import pages
users = get_user_model().objects
users.create_user("ann@example.com", is_staff=True)
users.create_user("bo@example.com")
def reason(user):
    try:
        pages.profile("/staff/", user=user, seconds=0)
    except pages.ProfileError as error:
        return str(error)
profile = pages.profile("/staff/", user="ann@example.com", seconds=0)
result = [
    profile.requests,
    reason("bo@example.com"),
    reason("cy@example.com"),
    Session.objects.count(),
    list(users.exclude(last_login=None)),
]
"""
    assert evaluate(
        code,
        environment="local",
        DJANGO_SETTINGS_MODULE="plinth.profiling.settings.site",
        PROFILED_SETTINGS=SETTINGS,
        DATABASE_URL="sqlite://",
    ) == [
        1,
        "/staff/ needs a user who may see it: USER=you@example.com",
        "There is no user cy@example.com",
        0,
        [],
    ]


def test_tools_of_development_are_not_in_a_profile() -> None:
    code = """
import sys
import config.wsgi
from django.conf import settings
tools = ("debug_toolbar", "django_browser_reload", "silk", "zeal", "plinth.profiling.middleware")
paths = [*settings.INSTALLED_APPS, *settings.MIDDLEWARE, *sys.modules]
result = [settings.DEBUG, [path for path in paths if path.startswith(tools)]]
"""
    assert evaluate(
        code,
        environment="local",
        DJANGO_SETTINGS_MODULE="plinth.profiling.settings.site",
        PROFILED_SETTINGS="config.settings.local",
    ) == [False, []]


def test_production_has_no_profiles() -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings.production"}

    done = profile("/hot/", **EMBEDDED | settings)

    assert (done.returncode, done.stderr) == (
        1,
        "Profiles are made with local settings: config.settings.production has no DEBUG.\n",
    )


@pytest.mark.parametrize(
    ("query", "user", "status", "profiled"),
    [
        ("?profile", {"is_staff": True}, 200, True),
        ("?profile", {"is_staff": True, "is_active": False}, 200, False),
        ("?profile", {"is_staff": False}, 200, False),
        ("", {"is_staff": True}, 200, False),
        ("?profile", {"is_staff": True}, 500, False),
    ],
    ids=["staff", "inactive", "not-staff", "not-asked-for", "error"],
)
def test_query_parameter_profiles_a_page_for_staff(
    query: str, user: dict[str, bool], status: int, profiled: bool
) -> None:
    middleware = pytest.importorskip("plinth.profiling.middleware")
    page = HttpResponse("the page", status=status)
    request = RequestFactory().get(f"/page/{query}")
    request.user = cast("Any", SimpleNamespace(**{"is_active": True, **user}))

    response = middleware.ProfileMiddleware(lambda _: page)(request)

    assert (response is page) == (not profiled)
    assert ("GET /page/" in response.text) == profiled


def test_profile_in_local_settings_works_within_the_policy() -> None:
    code = """
import config.wsgi
from config import urls
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from plinth_tests import site
call_command("migrate", verbosity=0)
site.use(settings)
site.urlpatterns += urls.urlpatterns
client = Client(headers={"host": "localhost"}, REMOTE_ADDR="127.0.0.1")
page = client.get("/plain/?profile").text
client.force_login(get_user_model().objects.create_superuser("ann@example.com"))
graph = client.get("/plain/?profile")
policy, caching = (graph.headers[name] for name in ("Content-Security-Policy", "Cache-Control"))
result = [page, graph.text, policy, caching]
"""
    page, graph, policy, caching = evaluate(
        code, environment="local", DATABASE_URL="sqlite://"
    )

    assert "Hello" in page
    assert "pyinstrument" not in page
    assert "GET /plain/" in graph
    # A script, a style and an image, all of them inline.
    assert policy == (
        "default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline' data:; img-src data:"
    )
    assert "no-store" in caching
    assert "djDebug" not in graph
