from azure.core.exceptions import AzureError
from storages.backends.azure_storage import AzureStorage as Storage

from .buckets import Bucket


class AzureStorage(Bucket, Storage):  # type: ignore[misc]
    errors = (AzureError,)
