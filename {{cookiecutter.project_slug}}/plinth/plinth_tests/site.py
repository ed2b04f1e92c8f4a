"""A small site: pages of its own on the project's settings and the template's middleware.

So no page, middleware or template of the project has a say in what a test sees.
"""

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path

# Of the template's settings: base, local and test.
OF_THE_TEMPLATE = (
    "allauth.",
    "debug_toolbar.",
    "django.",
    "django_browser_reload.",
    "django_permissions_policy.",
    "plinth.",
    "whitenoise.",
    "zeal.",
)
# Django's own, which the template leaves out.
OF_DJANGO = (
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.locale.LocaleMiddleware",
)


def use(settings: Any) -> None:
    """Serve this site instead of the project's."""
    settings.ROOT_URLCONF = __name__
    settings.CSRF_FAILURE_VIEW = f"{__name__}.error"
    use_middleware(settings)


def use_middleware(settings: Any) -> None:
    """Remove the middleware that the project has added."""
    settings.MIDDLEWARE = [
        path
        for path in settings.MIDDLEWARE
        if path.startswith(OF_THE_TEMPLATE) and path not in OF_DJANGO
    ]


def plain(request: HttpRequest, **kwargs: str) -> HttpResponse:
    return HttpResponse("<html><body>Hello</body></html>")


def user(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


def form(request: HttpRequest) -> HttpResponse:
    """More than a kilobyte with a CSRF token, which differs each time."""
    return HttpResponse(f"<html>{'A sentence. ' * 200}{get_token(request)}</html>")


def error(
    request: HttpRequest, exception: object = None, reason: str = "", status: int = 403
) -> HttpResponse:
    """An error page; the project's may need the project's URLs."""
    return HttpResponse("error", status=status)


handler400 = partial(error, status=400)
handler403 = partial(error, status=403)
handler404 = partial(error, status=404)
handler500 = partial(error, status=500)

urlpatterns = [
    path("plain/", plain),
    path("plain/<slug:uidb64>/<slug:token>/", plain),
    path("user/", user),
    path("form/", form),
    path(
        "sign-in/",
        LoginView.as_view(redirect_authenticated_user=True, next_page="/plain/"),
    ),
    path("health/", include("plinth.health.urls")),
    path("admin/", admin.site.urls),
]
