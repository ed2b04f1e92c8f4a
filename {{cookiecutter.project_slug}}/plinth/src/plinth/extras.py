"""The optional dependencies of django-plinth, and whether each is installed."""

from importlib.util import find_spec

# Modules of each extra in pyproject.toml.
MODULES = {
    "asgi": ["uvicorn", "uvicorn_worker"],
    "azure": ["azure.storage.blob", "storages"],
    "celery": ["celery"],
    "drf": ["rest_framework", "drf_spectacular", "corsheaders"],
    "gcs": ["google.cloud.storage", "storages"],
    "images": ["PIL"],
    "newrelic": ["newrelic"],
    "ninja": ["ninja", "corsheaders"],
    "otel": ["opentelemetry.sdk", "opentelemetry.instrumentation.django"],
    "s3": ["boto3", "storages"],
    "sentry": ["sentry_sdk"],
    "sign-up": ["allauth.account", "fido2", "qrcode"],
}


def is_installed(extra: str) -> bool:
    """Whether an extra's modules can be imported; imports at most their parents."""
    try:
        return None not in map(find_spec, MODULES[extra])
    except ModuleNotFoundError:  # a parent is missing
        return False
