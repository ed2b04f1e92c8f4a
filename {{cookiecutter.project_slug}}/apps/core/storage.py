"""Google's storage for a web server: it gives up after seconds, not after minutes."""

from functools import partialmethod

from google.cloud.storage import Bucket
from google.cloud.storage.retry import DEFAULT_RETRY
from storages.backends.gcloud import GoogleCloudStorage


class BoundedBucket(Bucket):  # type: ignore[misc]
    """Looks for an upload, which comes before all else, for 10 seconds at most."""

    get_blob = partialmethod(
        Bucket.get_blob, timeout=5, retry=DEFAULT_RETRY.with_timeout(5)
    )


class BoundedGoogleStorage(GoogleCloudStorage):  # type: ignore[misc]
    @property
    def bucket(self) -> BoundedBucket:
        return BoundedBucket(self.client, self.bucket_name)
