from django.urls import path

from . import views

app_name = "health"

urlpatterns = [
    path("live/", views.LiveView.as_view(), name="live"),
    path("dependencies/", views.DependenciesView.as_view(), name="dependencies"),
    path("ready/", views.ReadyView.as_view(), name="ready"),
]
