from django.urls import path

from . import views

app_name = "inbox"

urlpatterns = [
    path("", views.InboxView.as_view(), name="list"),
    path("<slug:name>/", views.MessageView.as_view(), name="message"),
    path("<slug:name>/html/", views.HtmlView.as_view(), name="html"),
]
