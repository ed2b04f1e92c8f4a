from django.urls import path

from . import views

urlpatterns = [path("account/", views.ProfileView.as_view(), name="account")]
