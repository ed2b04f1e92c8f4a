"""Large bodies: not parsed before the client is known to have the permission."""

from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.generic import View
from pytest_django import Settings

from plinth.data.views import ImportView
from plinth.http import uploads
from plinth.http.uploads import LargeBodyMixin
from plinth_tests import site as small_site
from plinth_tests.site import error, handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]

pytestmark = pytest.mark.django_db


class UploadView(PermissionRequiredMixin, LargeBodyMixin, View):
    permission_required = "auth.add_group"

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{len(request.FILES)} file")


urlpatterns = [path("upload/", UploadView.as_view()), *small_site.urlpatterns]


@pytest.fixture
def client(site: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.ROOT_URLCONF = __name__
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    too_large = partial(error, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    monkeypatch.setattr(uploads, "too_large", too_large)
    return Client(enforce_csrf_checks=True)


def send(client: Client, page: str, size: int, token: str = "") -> tuple[int, bool]:
    """Post a file; return the status, and whether the body was parsed."""
    file = SimpleUploadedFile("a.pdf", b"a" * size)
    response = client.post(page, {"file": file}, headers={"X-CSRFToken": token})
    return response.status_code, hasattr(response.wsgi_request, "_files")


def token(client: Client) -> str:
    response = client.get("/form/")
    return str(response.text.rpartition(" ")[2].removesuffix("</html>"))


def grant(user: Any) -> None:
    user.user_permissions.add(Permission.objects.get(codename="add_group"))


def test_large_body_of_an_anonymous_client_is_refused(client: Client) -> None:
    given = token(client)

    for page in ("/plain/", "/upload/", "/admin/login/"):
        assert send(client, page, 1_000, given) == (413, False)
    # With a cookie that is no session either.
    client.cookies["sessionid"] = "of-nobody"
    assert send(client, "/plain/", 1_000, given) == (413, False)


def test_small_body_and_that_of_a_user_are_accepted(client: Client, user: Any) -> None:
    given = token(client)
    assert send(client, "/plain/", 100, given)[0] == 200

    client.force_login(user)
    assert send(client, "/plain/", 1_000, given)[0] == 200


def test_limit_of_anonymous_bodies_can_be_raised(
    client: Client, settings: Settings
) -> None:
    settings.ANONYMOUS_BODY_MAX_BYTES = 2_000

    assert send(client, "/plain/", 1_000, token(client))[0] == 200


def test_permission_is_checked_before_the_body_is_parsed(
    client: Client, user: Any
) -> None:
    client.force_login(user)
    token(client)  # sets the cookie, without which no body is parsed

    assert send(client, "/upload/", 1_000) == (403, False)


@pytest.mark.parametrize(("valid", "status"), [(True, 200), (False, 403)])
def test_csrf_token_is_checked_after_the_permission(
    client: Client, user: Any, valid: bool, status: int
) -> None:
    grant(user)
    client.force_login(user)
    given = token(client)

    assert send(client, "/upload/", 1_000, given if valid else "")[0] == status


def test_import_checks_permissions_first() -> None:
    bases = ImportView.mro()

    assert bases.index(PermissionRequiredMixin) < bases.index(LargeBodyMixin)
