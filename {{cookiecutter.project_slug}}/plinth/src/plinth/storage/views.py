"""The two requests of a direct upload, which static/plinth/direct_upload.js makes."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.generic import View

from . import direct_upload
from .model_files import StorageUnavailableError


class DirectUploadView(View):
    """Presign an upload to the bucket; then, with its token, check and save the file.

    Answers 400 with the error for a file that is refused, and 503 when the bucket does
    not answer. Put a permission mixin before this class.
    """

    content_type: ClassVar[str]
    max_bytes: ClassVar[int]

    def get_owner(self) -> int:
        """Return the id of what the file belongs to; a token is valid for this one."""
        raise NotImplementedError

    def get_name(self) -> str:
        """Return the name that the file gets in the default storage."""
        raise NotImplementedError

    def save(self, file: direct_upload.RemoteFile) -> str:
        """Check a file and save its name; return where to redirect.

        A file that raises ValidationError is deleted.
        """
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: object) -> JsonResponse:
        owner, token = self.get_owner(), request.POST.get("token")
        if token is None:
            return JsonResponse(
                direct_upload.grant(owner, self.content_type, self.max_bytes)
            )
        name = self.get_name()
        try:
            file = direct_upload.take(owner, token, name)
            try:
                return JsonResponse({"next": self.save(file)})
            except ValidationError:
                direct_upload.storage.delete(name)
                raise
        except ValidationError as error:
            return JsonResponse({"error": error.messages[0]}, status=400)
        except (OSError, StorageUnavailableError):
            message = str(StorageUnavailableError.message)
            return JsonResponse({"error": message}, status=503)
