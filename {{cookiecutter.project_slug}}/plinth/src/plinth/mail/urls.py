from django.urls import path

from . import views

app_name = "mail"

urlpatterns = [
    path("events/<slug:provider>/", views.EventsView.as_view(), name="events"),
]
