"""Files that go from a browser straight to the bucket, past this site.

The site signs what may be sent: one name, one type, so many bytes. What has arrived counts
once the site has looked at it; the rest stays in `incoming/`, which the bucket empties.
"""

from secrets import token_hex
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _

SALT = "plinth.storage.direct_upload"
# Seconds: until the upload has begun, and until it is done and told.
BEGIN = 600
DONE = 86_400

storage: Any = default_storage


def grant(owner: int, content_type: str, limit: int) -> dict[str, Any]:
    """Return where and with which fields a form is to be posted, and a ticket for `take`.

    The bucket refuses another type, nothing at all, and more than `limit` bytes.
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
        ExpiresIn=BEGIN,
    )
    ticket = signing.dumps([owner, name, content_type], salt=SALT)
    return {"url": post["url"], "fields": post["fields"], "ticket": ticket}


def take(owner: int, ticket: str, name: str) -> "RemoteFile":
    """Move what has arrived to a name, where nobody can change it any more.

    Raise ValidationError if it has not arrived or was granted to somebody else, and
    OSError if the bucket fails. Whoever calls this checks the file and, if it is not what
    it should be, deletes it.
    """
    try:
        granted_to, arrived, content_type = signing.loads(
            ticket, salt=SALT, max_age=DONE
        )
    except signing.BadSignature as error:
        raise ValidationError(
            _("The upload has run out: choose the file again.")
        ) from error
    if granted_to != owner or not storage.exists(arrived):
        raise ValidationError(_("The file has not arrived: choose it again."))
    bucket = storage.bucket_name
    with storage.as_a_disk():
        storage.connection.meta.client.copy(
            {"Bucket": bucket, "Key": key(arrived)},
            bucket,
            key(name),
            ExtraArgs={
                **storage.object_parameters,
                "ContentType": content_type,
                "MetadataDirective": "REPLACE",
            },
            Config=storage.transfer_config,
        )
    storage.delete(arrived)
    return RemoteFile(name)


def key(name: str) -> str:
    return f"{storage.location}/{name}"


class RemoteFile(File):
    """A file in the bucket, of which only what is read is fetched."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = storage.size(name)
        self.position = 0

    def seek(self, position: int) -> int:  # type: ignore[override]
        self.position = position
        return position

    def read(self, count: int) -> bytes:  # type: ignore[override]
        last = self.position + count - 1
        with storage.as_a_disk():
            part: bytes = storage.connection.meta.client.get_object(
                Bucket=storage.bucket_name,
                Key=key(str(self.name)),
                Range=f"bytes={self.position}-{last}",
            )["Body"].read()
        self.position += len(part)
        return part
