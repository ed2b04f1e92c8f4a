"""Azure Blob Storage."""

from azure.core.exceptions import AzureError
from storages.backends.azure_storage import AzureStorage as Storage

from .buckets import Bucket


class AzureStorage(Bucket, Storage):  # type: ignore[misc]
    """django-storages' backend, whose errors are an OSError."""

    errors = (AzureError,)
