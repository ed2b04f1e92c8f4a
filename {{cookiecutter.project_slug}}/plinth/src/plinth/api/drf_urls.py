from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView

from . import drf_views
from .discovery import modules

# The folder of Swagger UI among the static files.
swagger = "drf_spectacular_sidecar/swagger-ui-dist"

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "openapi.json", SpectacularJSONAPIView.as_view(api_version="1"), name="schema"
    ),
    path("account/tokens/", drf_views.TokenListView.as_view(), name="tokens"),
    path("account/tokens/<int:pk>/", drf_views.TokenView.as_view(), name="token"),
    *(path("", include(module)) for module in modules("api.urls")),
]
