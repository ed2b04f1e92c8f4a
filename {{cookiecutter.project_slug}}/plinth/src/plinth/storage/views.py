"""Views of private files: download, and direct upload to the bucket."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.views.generic import View

from . import direct_upload
from .model_files import StorageUnavailableError


class PrivateFileView(View):
    """Send a file of the private storage: a bucket does, by a URL that expires soon.

    Put a permission mixin before this class.
    """

    def get_file(self) -> FieldFile:
        """Return the file, or raise Http404."""
        raise NotImplementedError

    def get_filename(self) -> str:
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        file = self.get_file()
        response: HttpResponseBase = (
            HttpResponseRedirect(file.url)
            if settings.MEDIA_ORIGIN
            else FileResponse(
                file.open(), as_attachment=True, filename=self.get_filename()
            )
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response


class DirectUploadView(View):
    """The two requests of static/plinth/direct_upload.js.

    The first presigns an upload to the bucket; the second, with its token, has the file
    checked and saved. Answers 400 with the error for a file that is refused, 503 when the
    bucket does not answer, and 404 without one. Put a permission mixin before this class.
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
        if not settings.UPLOADS.direct:
            raise Http404
        owner, token = self.get_owner(), request.POST.get("token")
        if token is None:
            return JsonResponse(
                direct_upload.presign(owner, self.content_type, self.max_bytes)
            )
        name = self.get_name()
        try:
            file = direct_upload.complete(owner, token, name)
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
