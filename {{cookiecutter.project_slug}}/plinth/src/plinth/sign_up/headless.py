"""Sign-up and sign-in for clients without pages, such as mobile apps: allauth.headless.

The URLs of SIGN_UP_HEADLESS, which have the protocol of allauth and a session token in
X-Session-Token. What is not here is done on the site's pages.
"""

import json
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.account import inputs, views
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.internal.restkit.views import RESTView
from allauth.headless.mfa import inputs as mfa_inputs
from allauth.headless.mfa import views as mfa_views
from allauth.headless.usersessions.views import SessionsView
from django.db import models
from django.http import HttpRequest
from django.urls import path

from .forms import SignUpMixin, ThrottledCodeMixin


class StrictJSONMixin(RESTView):
    """Answers 400, as JSON, to each body that allauth or the database can't read.

    That is also one nested too deeply, a number of too many digits or beyond a float, a key
    beyond the database's integers, and half of a surrogate pair.
    """

    def _parse_json(self, request: HttpRequest) -> Any:
        try:
            data = super()._parse_json(request)
            json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
            json.loads(request.body or "null", parse_int=database_integer)
        except (ImmediateHttpResponse, ValueError, RecursionError):
            raise ImmediateHttpResponse(ErrorResponse(request)) from None
        return data


def database_integer(digits: str) -> int:
    number = int(digits)
    if abs(number) > models.BigIntegerField.MAX_BIGINT:
        raise ValueError(number)
    return number


class SignUpInput(SignUpMixin, inputs.SignupInput):
    password_field = "password"  # noqa: S105 (a name)


class SignUpView(views.SignupView):
    input_class = {"POST": SignUpInput}


class AuthenticateInput(ThrottledCodeMixin, mfa_inputs.AuthenticateInput):
    pass


class AuthenticateView(mfa_views.AuthenticateView):
    input_class = AuthenticateInput


def strict(view: Any) -> Any:
    return type(view.__name__, (StrictJSONMixin, view), {})


urlpatterns = [
    path(route, strict(view).as_api_view(client=Client.APP))
    for route, view in (
        ("config", ConfigView),
        ("auth/signup", SignUpView),
        ("auth/email/verify", views.VerifyEmailView),
        ("auth/login", views.LoginView),
        ("auth/2fa/authenticate", AuthenticateView),
        ("auth/session", views.SessionView),
        ("auth/sessions", SessionsView),
    )
]
