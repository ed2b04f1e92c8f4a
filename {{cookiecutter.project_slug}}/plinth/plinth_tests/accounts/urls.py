"""The pages of accounts beside those of `plinth_tests.site`."""

from django.urls import include, path

from plinth.accounts import views
from plinth_tests import site

pages = [
    path("sign-in/", views.SignInView.as_view(), name="sign-in"),
    path("sign-out/", views.SignOutView.as_view(), name="sign-out"),
    path("profile/", views.ProfileView.as_view(), name="profile"),
    path("password/", views.PasswordChangeView.as_view(), name="password-change"),
    path("reset/", views.PasswordResetView.as_view(), name="password-reset"),
    path("sent/", views.PasswordResetSentView.as_view(), name="password-reset-sent"),
    path(
        "reset/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(),
        name="password-reset-confirm",
    ),
]
urlpatterns = [
    *site.urlpatterns,
    path("accounts/", include((pages, "accounts"))),
]
