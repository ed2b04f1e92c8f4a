"""Settings of the API's libraries. By default views need a user, exchange JSON, and paginate.

A setting of the same name in the project overrides one.
"""

from typing import Any

from corsheaders.defaults import default_headers
from whitenoise.compress import Compressor

# The second is for sign-in, with SIGN_UP_HEADLESS.
CORS_URLS_REGEX = r"^/(api|accounts/app)/"
# What a browser's script of another origin may send and read.
CORS_ALLOW_HEADERS = [
    *default_headers,
    *("idempotency-key", "if-none-match", "x-session-token"),
]
CORS_EXPOSE_HEADERS = ["etag", "idempotency-replayed", "retry-after", "x-request-id"]

# Swagger UI's source maps are twice its size, and browsers request them for their tools alone.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["plinth.api.drf.Authentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["plinth.api.drf.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "plinth.api.drf.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # No OPTIONS but CORS's.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "plinth.api.drf.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "plinth.api.drf.complete",
    ],
}
