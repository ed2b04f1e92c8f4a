"""Manuals that browsers upload straight to the bucket."""

from plinth.storage.direct_upload import RemoteFile
from plinth.storage.documents import PDF, check_pdf
from plinth.storage.views import DirectUploadView

from . import services
from .forms import MANUAL_MAX_BYTES
from .models import manual_name
from .views import ManualEditorMixin


class ManualDirectUploadView(ManualEditorMixin, DirectUploadView):
    content_type = PDF
    max_bytes = MANUAL_MAX_BYTES

    def get_owner(self) -> int:
        return self.product.pk

    def get_name(self) -> str:
        return manual_name(self.product, "")

    def save(self, file: RemoteFile) -> str:
        check_pdf(file, self.max_bytes)
        services.save_manual(self.product, str(file.name))
        return self.product.get_absolute_url()
