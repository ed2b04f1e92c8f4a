"""The pages of allauth, at the paths of plinth.accounts.urls and beside them.

Include it above the project's URLs of accounts: what both have, such as sign-in/, is
allauth's.
"""

from allauth import app_settings
from allauth.account import views as account
from allauth.usersessions import views as sessions
from django.urls import URLPattern, URLResolver, include, path, re_path

from plinth.accounts.views import PasswordResetView

from . import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-up/", account.signup, name="account_signup"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    # Users without a password reauthenticate by an emailed code.
    path(
        "confirm/code/",
        account.request_reauthentication_code,
        name="account_request_reauthentication_code",
    ),
    path(
        "confirm/code/enter/",
        account.confirm_reauthentication_code,
        name="account_confirm_reauthentication_code",
    ),
    path("addresses/", account.email, name="account_email"),
    path(
        "addresses/sent/",
        account.email_verification_sent,
        name="account_email_verification_sent",
    ),
    re_path(
        r"^addresses/confirm/(?P<key>[-:\w]+)/$",
        account.confirm_email,
        name="account_confirm_email",
    ),
    path("password/", account.password_change, name="account_change_password"),
    path("password/first/", account.password_set, name="account_set_password"),
    # The reset is that of plinth.accounts.
    path("reset/", PasswordResetView.as_view(), name="account_reset_password"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("data/", views.DeletionView.as_view(), name="account_deletion"),
    path("data/file/", views.PersonalDataView.as_view(), name="account_personal_data"),
]
if app_settings.SOCIALACCOUNT_ENABLED:
    urlpatterns += [path("connections/", include("allauth.socialaccount.urls"))]
