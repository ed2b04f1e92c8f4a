"""The optional dependencies of django-plinth, and whether each is installed."""

from importlib.util import find_spec

# A module of each extra in pyproject.toml.
MODULES = {
    "azure": "azure.storage.blob",
    "celery": "celery",
    "gcs": "google.cloud.storage",
    "images": "PIL",
    "newrelic": "newrelic",
    "s3": "boto3",
    "sentry": "sentry_sdk",
}


def is_installed(extra: str) -> bool:
    """Whether an extra is installed; nothing is imported but its parent packages."""
    try:
        return find_spec(MODULES[extra]) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False
