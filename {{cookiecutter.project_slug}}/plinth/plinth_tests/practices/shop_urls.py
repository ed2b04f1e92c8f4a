from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import View

app_name = "shop"


class PageView(View):
    pass


def function(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("page/", PageView.as_view()),
    path("", include([path("function/", function, name="function")])),
]
