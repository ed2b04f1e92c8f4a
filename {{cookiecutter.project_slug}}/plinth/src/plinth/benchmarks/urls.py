"""The site's URLs, those of the apps' benchmarks, a bare view and one to calibrate by."""

import os
from functools import cache
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import include, path
from django.views.generic import View

from .cases import app_benchmarks

site = import_module(settings.SITE_URLCONF)  # type: ignore[misc]
# handler404 and its kin.
globals().update({n: v for n, v in vars(site).items() if n.startswith("handler")})


@cache
def page() -> bytes:
    return Path(os.environ["BENCHMARK_FOLDER"], "page").read_bytes()


class BareView(View):
    """The bytes of a page, with no work but Django's own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(page())


class CalibrationView(View):
    """A page that no change of the site makes slower: the unit of the load test."""

    template = Engine(libraries={}).from_string(
        "{% for row in rows %}<li>{{ forloop.counter }}. {{ row|upper }}</li>{% endfor %}"
    )
    rows = [f"row <{number}>" for number in range(120)]

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(self.template.render(Context({"rows": self.rows})))


urlpatterns = [
    *site.urlpatterns,
    *(
        path("without/", include(module.URLS))
        for module in app_benchmarks()
        if hasattr(module, "URLS")
    ),
    path("bare/", BareView.as_view(), name="bare"),
    path("calibration/", CalibrationView.as_view(), name="calibration"),
]
