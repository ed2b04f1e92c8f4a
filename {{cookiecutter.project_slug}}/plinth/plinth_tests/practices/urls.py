"""URLs as they should not be, beside some that are for others to name."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.static import serve

urlpatterns = [
    path("old/", RedirectView.as_view(url="/"), name="old"),
    path("admin/", admin.site.urls),
    path("files/<path:path>", serve, {"document_root": "/"}),
    path("shop/", include("plinth_tests.practices.shop_urls")),
]
