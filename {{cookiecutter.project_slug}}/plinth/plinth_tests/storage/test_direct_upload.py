"""Direct upload: what is signed, and what is accepted from the bucket."""

import json
from base64 import b64decode
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.http import Http404
from django.test import RequestFactory
from pytest_django import Settings

pytest.importorskip("boto3", reason="the extra s3 is not installed")

from botocore.config import Config

from plinth.storage import direct_upload
from plinth.storage.s3 import S3Storage
from plinth.storage.views import DirectUploadView


class MemoryBucket(S3Storage):
    """A bucket that signs as Amazon's client does, with its objects in a dictionary."""

    def __init__(self) -> None:
        super().__init__(
            bucket_name="uploads",
            access_key="key",
            secret_key="secret",
            region_name="eu-central-1",
            location="private",
            client_config=Config(
                signature_version="s3v4", s3={"addressing_style": "virtual"}
            ),
        )
        self.objects: dict[str, bytes] = {}
        self.connection.meta.client.copy = self.copy
        self.connection.meta.client.get_object = self.get_object

    def copy(self, source: dict[str, str], bucket: str, key: str, **more: Any) -> None:
        self.objects[key] = self.objects[source["Key"]]

    def get_object(self, **asked: str) -> dict[str, ContentFile]:
        first, _, last = asked["Range"].removeprefix("bytes=").partition("-")
        content = self.objects[asked["Key"]][int(first) : int(last) + 1]
        return {"Body": ContentFile(content)}

    def exists(self, name: str) -> bool:
        return f"private/{name}" in self.objects

    def size(self, name: str) -> int:
        return len(self.objects[f"private/{name}"])

    def delete(self, name: str) -> None:
        self.objects.pop(f"private/{name}", None)


class Upload(DirectUploadView):
    content_type = "application/pdf"
    max_bytes = 1_000

    def get_owner(self) -> int:
        return int(self.kwargs["owner"])

    def get_name(self) -> str:
        return "manuals/a.pdf"

    def save(self, file: direct_upload.RemoteFile) -> str:
        file.seek(1)
        if file.read(3) != b"PDF":
            raise ValidationError("This is not a PDF file.")
        return "/next/"


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> MemoryBucket:
    settings.UPLOADS = SimpleNamespace(direct=True)
    bucket = MemoryBucket()
    monkeypatch.setattr(direct_upload, "storage", bucket)
    return bucket


def post(owner: int = 1, **data: str) -> tuple[int, dict[str, Any]]:
    response: Any = Upload.as_view()(RequestFactory().post("/", data), owner=owner)
    return response.status_code, json.loads(response.content)


def presign() -> tuple[str, str, dict[str, Any]]:
    """Return the key that the bucket gets, the token, and the whole answer."""
    _, answer = post()
    return answer["fields"]["key"], answer["token"], answer


def test_policy_allows_one_name_one_type_and_so_many_bytes(
    bucket: MemoryBucket,
) -> None:
    key, _, answer = presign()

    assert answer["url"] == "https://uploads.s3.eu-central-1.amazonaws.com/"
    conditions = json.loads(b64decode(answer["fields"]["policy"]))["conditions"]
    assert key.startswith("private/incoming/")
    assert {"key": key} in conditions
    assert {"Content-Type": "application/pdf"} in conditions
    assert ["content-length-range", 1, 1_000] in conditions
    assert answer["fields"]["Content-Type"] == "application/pdf"


def test_uploaded_file_is_moved_and_saved(bucket: MemoryBucket) -> None:
    key, token, _ = presign()
    bucket.objects[key] = b"%PDF-1.7"

    assert post(token=token) == (HTTPStatus.OK, {"next": "/next/"})
    assert bucket.objects == {"private/manuals/a.pdf": b"%PDF-1.7"}


@pytest.mark.parametrize("content", [b"<script>", None])
def test_refused_file_is_deleted(bucket: MemoryBucket, content: bytes | None) -> None:
    key, token, _ = presign()
    if content:
        bucket.objects[key] = content

    status, answer = post(token=token)

    assert status == HTTPStatus.BAD_REQUEST
    assert answer["error"]
    assert not bucket.objects


def test_token_is_for_one_owner_and_cannot_be_made_up(bucket: MemoryBucket) -> None:
    key, token, _ = presign()
    bucket.objects[key] = b"%PDF-1.7"

    assert post(2, token=token)[0] == HTTPStatus.BAD_REQUEST
    for made_up in ("", "x", f"{token}x", "\0"):
        assert post(token=made_up)[0] == HTTPStatus.BAD_REQUEST
    assert bucket.objects == {key: b"%PDF-1.7"}


def test_upload_without_a_bucket_is_not_found() -> None:
    with pytest.raises(Http404):
        post()


def test_unavailable_bucket_is_answered_with_503(
    bucket: MemoryBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token, _ = presign()

    def fail(name: str) -> bool:
        raise OSError("no answer")

    monkeypatch.setattr(bucket, "exists", fail)
    status, answer = post(token=token)

    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "does not answer" in answer["error"]
