from django.urls import include, path

from plinth.accounts import views

app_name = "accounts"

urlpatterns = [
    path("profile/", views.ProfileView.as_view(), name="profile"),
    # Sign-in, sign-out, password change and reset: plinth/README.md, "Override a page of accounts".
    path("", include("plinth.accounts.urls")),
]
