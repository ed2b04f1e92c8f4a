"""Sign-up and sign-in for clients without pages, such as mobile apps: allauth.headless.

The URLs of SIGN_UP_HEADLESS, which have the protocol of allauth and a session token in
X-Session-Token. What is not here is done on the site's pages.
"""

from allauth.headless.account import inputs, views
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.mfa import inputs as mfa_inputs
from allauth.headless.mfa import views as mfa_views
from allauth.headless.usersessions.views import SessionsView
from django.urls import path

from .forms import SameTimeMixin, ThrottledCodeMixin


class SignUpInput(SameTimeMixin, inputs.SignupInput):
    password_field = "password"  # noqa: S105 (a name)


class SignUpView(views.SignupView):
    input_class = {"POST": SignUpInput}


class AuthenticateInput(ThrottledCodeMixin, mfa_inputs.AuthenticateInput):
    pass


class AuthenticateView(mfa_views.AuthenticateView):
    input_class = AuthenticateInput


urlpatterns = [
    path(route, view.as_api_view(client=Client.APP))
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
