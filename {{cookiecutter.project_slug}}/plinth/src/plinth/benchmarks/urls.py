import os
from functools import cache
from importlib import import_module
from pathlib import Path

from django import urls
from django.http import HttpRequest, HttpResponse
from django.views.generic import View

from .cases import app_benchmarks


@cache
def page() -> bytes:
    return Path(os.environ["BENCHMARK_FOLDER"], "page").read_bytes()


class BareView(View):
    """The bytes of a page, with no work but Django's own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(page())


urlpatterns = [
    *site,
    # {% if cookiecutter.example_app %}
    urls.path("without/", urls.include("apps.catalog.benchmarks.urls")),
    # {% endif %}
    urls.path("bare/", BareView.as_view(), name="bare"),
]
