from django.urls import include, path

from plinth.accounts import views

app_name = "accounts"

urlpatterns = [
    path("profile/", views.ProfileView.as_view(), name="profile"),
    # Sign-in, sign-out, password change and reset. A path above takes the place of one. With
    # sign-up, plinth.sign_up.urls is above all of these, in config/urls.py: plinth/README.md.
    path("", include("plinth.accounts.urls")),
]
