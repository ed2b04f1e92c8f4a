from django.urls import path

from . import views

app_name = "core"

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("favicon.ico", views.FaviconView.as_view(), name="favicon"),
    path("robots.txt", views.RobotsView.as_view(), name="robots"),
    path(
        ".well-known/security.txt",
        views.SecurityView.as_view(),
        name="security",
    ),
    path("media/<path:path>", views.MediaView.as_view(), name="media"),
    path("health/live/", views.LiveView.as_view(), name="live"),
    path("health/ready/", views.ReadyView.as_view(), name="ready"),
]
