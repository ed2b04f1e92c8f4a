from django.urls import path

from . import views

app_name = "pages"

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("favicon.ico", views.FaviconView.as_view(), name="favicon"),
    path("site.webmanifest", views.ManifestView.as_view(), name="manifest"),
    path("robots.txt", views.RobotsView.as_view(), name="robots"),
    path(".well-known/security.txt", views.SecurityView.as_view(), name="security"),
]
