from django.contrib import admin
from django.urls import include, path

from apps.core.views import BadRequestView, ForbiddenView, NotFoundView, ServerErrorView

urlpatterns = [
    path("", include("apps.core.urls")),
    path("accounts/", include("apps.accounts.urls")),
    path("admin/", admin.site.urls),
]

handler400 = BadRequestView.as_view()
handler403 = ForbiddenView.as_view()
handler404 = NotFoundView.as_view()
handler500 = ServerErrorView.as_view()
