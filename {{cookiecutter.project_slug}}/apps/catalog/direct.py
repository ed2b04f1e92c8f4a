"""Manuals that go straight to the bucket: static/js/upload.js asks these two views."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views.generic import View

from plinth.storage import direct_upload

from . import manuals, services
from .models import manual_name
from .views import ManualEditorMixin


class ManualGrantView(ManualEditorMixin, View):
    def post(self, request: HttpRequest, sku: str) -> JsonResponse:
        return JsonResponse(direct_upload.grant(self.product.pk, manuals.TYPE, manuals.LIMIT))


class ManualTakeView(ManualEditorMixin, View):
    def post(self, request: HttpRequest, sku: str) -> JsonResponse:
        """Check what has arrived; answer 400 with the fault, or 503 without a bucket."""
        name = manual_name(self.product, "")
        try:
            file = direct_upload.take(self.product.pk, request.POST.get("ticket", ""), name)
            try:
                manuals.check(file)
            except ValidationError:
                direct_upload.storage.delete(name)
                raise
            services.save_manual(self.product, name)
        except ValidationError as error:
            return JsonResponse({"error": error.messages[0]}, status=400)
        except (OSError, services.StorageFailedError):
            message = str(services.StorageFailedError.message)
            return JsonResponse({"error": message}, status=503)
        return JsonResponse({"next": self.product.get_absolute_url()})
