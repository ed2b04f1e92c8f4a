"""Health endpoints: liveness, readiness, and the services that the site calls."""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.views.generic import View

from . import dependencies, probes


class LiveView(View):
    """Liveness: the process answers. On a failure, restart it."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return uncached_json({"status": "ok"})


class ReadyView(View):
    """Readiness: the process can serve requests. On a 503, route none to it.

    Only the database makes a server unready. All servers share their cache, storage and
    broker: when one of those fails, most pages still work, and a 503 would take every
    server out of rotation at once. The response is then 200 with the status `degraded`.
    Clients of private networks are told the state of each part.
    """

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        answers = probes.probe_all()
        code = HTTPStatus.OK
        status = "ok" if all(answers.values()) else "degraded"
        if not answers.get("database", True):
            code, status = HTTPStatus.SERVICE_UNAVAILABLE, "failing"
        data: dict[str, Any] = {"status": status}
        if is_private(request):
            data["parts"] = {
                name: "ok" if ok else "failing" for name, ok in answers.items()
            }
        return uncached_json(data, code)


class DependenciesView(View):
    """State of the services in HEALTH_DEPENDENCIES, a setting with their URLs by name.

    For clients of private networks, and not found without the setting.
    """

    http_method_names = ["get", "head"]

    async def get(self, request: HttpRequest) -> HttpResponse:
        urls = getattr(settings, "HEALTH_DEPENDENCIES", {})
        if not (urls and is_private(request)):
            raise Http404
        states = await dependencies.check_all(urls)
        is_ok = all(state["status"] == "ok" for state in states.values())
        data = {"status": "ok" if is_ok else "degraded", "dependencies": states}
        return uncached_json(data)


def is_private(request: HttpRequest) -> bool:
    """Whether the client is in a private network, or connects by a unix socket."""
    client = request.META.get("REMOTE_ADDR")
    return not client or ip_address(client).is_private


def uncached_json(
    data: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    response = JsonResponse(data, status=status)
    add_never_cache_headers(response)
    return response
