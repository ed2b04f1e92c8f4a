"""Google Cloud Storage with bounded time-outs."""

from functools import partialmethod

import google.cloud.storage
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage.retry import DEFAULT_RETRY
from storages.backends.gcloud import GoogleCloudStorage

from .buckets import Bucket


class BoundedBucket(google.cloud.storage.Bucket):  # type: ignore[misc]
    """A bucket whose `get_blob`, which precedes every operation, takes 10 s at most."""

    get_blob = partialmethod(
        google.cloud.storage.Bucket.get_blob,
        timeout=5,
        retry=DEFAULT_RETRY.with_timeout(5),
    )


class GoogleStorage(Bucket, GoogleCloudStorage):  # type: ignore[misc]
    """django-storages' backend, which fails within seconds, with an OSError."""

    errors = (GoogleAPIError, GoogleAuthError)

    @property
    def bucket(self) -> BoundedBucket:
        return BoundedBucket(self.client, self.bucket_name)
