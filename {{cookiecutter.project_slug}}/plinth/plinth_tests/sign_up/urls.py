"""The pages of sign-up beside those of `plinth_tests.site`."""

from django.urls import include, path

from plinth_tests import site
from plinth_tests.accounts.urls import pages

urlpatterns = [
    *site.urlpatterns,
    path("accounts/", include("plinth.sign_up.provider_urls")),
    path("accounts/", include("plinth.sign_up.urls")),
    path("accounts/", include((pages, "accounts"))),
]
