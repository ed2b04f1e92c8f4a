from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView

from . import drf
from .discovery import modules

# The folder of Swagger UI among the static files.
swagger = "drf_spectacular_sidecar/swagger-ui-dist"

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("account/tokens/", drf.TokenListView.as_view(), name="tokens"),
    path("account/tokens/<int:pk>/", drf.TokenView.as_view(), name="token"),
    *(path("", include(module)) for module in modules("api.urls")),
]
