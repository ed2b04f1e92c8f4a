"""Direct upload: a browser sends a file to the bucket, not through the site. S3 only.

The site signs a POST policy for one name, one type and a maximum size. The file is used
once the site has checked it; the others stay in `incoming/`, where a lifecycle rule of the
bucket deletes them.
"""

from secrets import token_hex
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _

SALT = "plinth.storage.direct_upload"
# Seconds: until the upload starts, and until the site hears of its end.
START_SECONDS = 600
TOKEN_SECONDS = 86_400

storage: Any = default_storage


def presign(owner: int, content_type: str, limit: int) -> dict[str, Any]:
    """Return the URL and the fields of the upload form, and an upload token for `complete`.

    The bucket refuses another type, an empty file, and more than `limit` bytes.
    """
    name = f"incoming/{token_hex(16)}"
    post = storage.connection.meta.client.generate_presigned_post(
        storage.bucket_name,
        key(name),
        Fields={"Content-Type": content_type},
        Conditions=[
            {"Content-Type": content_type},
            ["content-length-range", 1, limit],
        ],
        ExpiresIn=START_SECONDS,
    )
    token = signing.dumps([owner, name, content_type], salt=SALT)
    return {"url": post["url"], "fields": post["fields"], "token": token}


def complete(owner: int, token: str, name: str) -> "RemoteFile":
    """Move an uploaded file to its final name, where the upload form can't replace it.

    Raises ValidationError if the file is missing, or if the token has expired or is of
    another owner, and OSError if the bucket fails. The caller checks the file, and deletes
    one that it does not accept.
    """
    try:
        signed_for, uploaded, content_type = signing.loads(
            token, salt=SALT, max_age=TOKEN_SECONDS
        )
    except signing.BadSignature as error:
        raise ValidationError(
            _("The upload has expired: choose the file again.")
        ) from error
    if signed_for != owner or not storage.exists(uploaded):
        raise ValidationError(_("The file was not uploaded: choose it again."))
    bucket = storage.bucket_name
    with storage.as_os_error():
        storage.connection.meta.client.copy(
            {"Bucket": bucket, "Key": key(uploaded)},
            bucket,
            key(name),
            ExtraArgs={
                **storage.object_parameters,
                "ContentType": content_type,
                "MetadataDirective": "REPLACE",
            },
            Config=storage.transfer_config,
        )
    storage.delete(uploaded)
    return RemoteFile(name)


def key(name: str) -> str:
    return f"{storage.location}/{name}"


class RemoteFile(File):
    """A file in the bucket; `read` fetches the bytes that it returns, and no others."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = storage.size(name)
        self.position = 0

    def seek(self, position: int) -> int:  # type: ignore[override]
        self.position = position
        return position

    def read(self, count: int) -> bytes:  # type: ignore[override]
        last = self.position + count - 1
        with storage.as_os_error():
            part: bytes = storage.connection.meta.client.get_object(
                Bucket=storage.bucket_name,
                Key=key(str(self.name)),
                Range=f"bytes={self.position}-{last}",
            )["Body"].read()
        self.position += len(part)
        return part
