"""Sign-in, sign-out, password change and reset, for the project's URLs of accounts."""

from django.urls import path

from . import views

urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign-in"),
    path("sign-out/", views.SignOutView.as_view(), name="sign-out"),
    path("password/", views.PasswordChangeView.as_view(), name="password-change"),
    path("reset/", views.PasswordResetView.as_view(), name="password-reset"),
    path(
        "reset/sent/", views.PasswordResetSentView.as_view(), name="password-reset-sent"
    ),
    path(
        "reset/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(),
        name="password-reset-confirm",
    ),
]
