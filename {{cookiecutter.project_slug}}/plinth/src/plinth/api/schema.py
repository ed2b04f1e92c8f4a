"""What the OpenAPI schemas of both frameworks share."""

from typing import Any

from django.apps import apps
from django.conf import settings

from .idempotency import MAX_LENGTH
from .problems import CONTENT_TYPE

METHODS = {"get", "post", "put", "patch", "delete"}
# By name, as `security` of an operation says.
SECURITY = {
    "Token": {"type": "http", "scheme": "bearer"},
    "Session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
}
if apps.is_installed("allauth.headless"):
    SECURITY["App"] = {"type": "apiKey", "in": "header", "name": "X-Session-Token"}
PROBLEM = {
    "description": "Problem details, as RFC 9457 defines them.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string", "description": "Into the body."},
                    "parameter": {"type": "string"},
                },
            },
        },
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Random, and new for each change: a repeated request then gets the "
    "first response, and changes nothing.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
}


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """Add title, authentication, errors and idempotency keys to a framework's schema."""
    schema["info"] |= {"title": settings.SITE_NAME, "version": "1"}
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SECURITY
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    error = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for url, path in schema["paths"].items():
        for method in METHODS & path.keys():
            operation = path[method]
            operation["responses"]["default"] = {
                "description": "Error",
                "content": {CONTENT_TYPE: error},
            }
            security = operation.pop("security", [{}])
            if {} not in security:
                operation["security"] = [{name: []} for name in SECURITY]
            # A response with a key is not stored.
            stored = not url.endswith("/account/tokens/")
            if method == "post" and "security" in operation and stored:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return schema
