from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.views.generic import View

from . import probes


class LiveView(View):
    """The process answers. A failure means: restart it."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return uncached_json({"status": "ok"})


class ReadyView(View):
    """The process can serve. 503 means: send it no visitors.

    Only the database is worth that. All servers share their cache, storage and broker:
    if one of those stops, all pages work but for what needs it, and taking every server
    out at once would help nobody. The answer then is 200 and `degraded`.
    """

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        answers = probes.probe_all()
        parts = {part: "ok" if ok else "failing" for part, ok in answers.items()}
        if not answers["database"]:
            return uncached_json(
                {"status": "failing", "parts": parts}, HTTPStatus.SERVICE_UNAVAILABLE
            )
        status = "ok" if all(answers.values()) else "degraded"
        return uncached_json({"status": status, "parts": parts})


def uncached_json(
    data: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    response = JsonResponse(data, status=status)
    add_never_cache_headers(response)
    return response
