"""A site of one page, to watch Django at."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path
from django.views import View


class PageView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("page")


class ErrorView(View):
    status = 500

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        template = engines["django"].from_string("error")
        return TemplateResponse(request, template, status=self.status)


urlpatterns = [path("page/", PageView.as_view(), name="page")]
handler400 = ErrorView.as_view(status=400)
handler404 = ErrorView.as_view(status=404)
handler500 = ErrorView.as_view()
