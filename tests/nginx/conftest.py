"""A site behind nginx for the tests of this folder, with two who are signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.production import manage, servable, sign_in
from tests.services import Front

from .visits import served

# What the tests need to see, and no project should show.
TRIAL_VIEWS = """

import os
import signal
import time

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.generic import View


class EchoView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        facts = {"scheme": request.scheme, "address": request.META["REMOTE_ADDR"]}
        return JsonResponse(facts | {"headers": dict(request.headers)})


class KeptView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        lines = [f"made at {time.time_ns()}"]
        if "who" in request.GET:
            lines.append(f"for {getattr(request.user, 'email', 'nobody')}")
        return HttpResponse(lines, headers={
            "Cache-Control": request.GET["says"], "Vary": request.GET.get("vary", "")
        })

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(len(request.body))


class BusyView(View):
    inside = most = 0

    def get(self, request: HttpRequest) -> HttpResponse:
        BusyView.inside += 1
        BusyView.most = max(BusyView.most, BusyView.inside)
        time.sleep(0.5)
        BusyView.inside -= 1
        return HttpResponse(BusyView.most, headers={"Cache-Control": "no-store"})


class KillView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        with open(request.GET["file"], "a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)


class UploadView(PermissionRequiredMixin, View):
    permission_required = "accounts.add_user"
    bodies = []

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{len(self.bodies)} bodies")

    @method_decorator(csrf_exempt)
    def dispatch(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            self.bodies.append(request.headers["Content-Length"])
        return super().dispatch(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(len(request.FILES["file"]))


urlpatterns += [
    path("trial/kill/", KillView.as_view()),
    path("trial/upload/", UploadView.as_view()),
    path("trial/busy/", BusyView.as_view()),
    path("trial/echo/", EchoView.as_view()),
    path("trial/kept/", KeptView.as_view()),
]
"""


@pytest.fixture(scope="package")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    return servable(install(), folder, config__urls=TRIAL_VIEWS)


@pytest.fixture(scope="package")
def database(project: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('database')}/db.sqlite3"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    return url


@pytest.fixture(scope="package")
def sessions(project: Path, database: str) -> list[str]:
    """Of Ann and of Bo, who are signed in."""
    return sign_in(project, "Ann", "Bo", DATABASE_URL=database)


@pytest.fixture(scope="package")
def front(
    project: Path, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with served(project, tmp_path_factory.mktemp("front"), database) as (front, _):
        yield front
