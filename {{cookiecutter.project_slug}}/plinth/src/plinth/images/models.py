"""A picture of a model instance, with a thumbnail."""

from collections.abc import Iterable
from secrets import token_hex

from django.core.files.images import get_image_dimensions
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from plinth.storage import model_files


def public() -> Storage:
    return storages["public"]


def picture_name(instance: models.Model, name: str) -> str:
    """Return a random name: an uploaded one may hold anything, and can be guessed."""
    return f"pictures/{token_hex(16)}.webp"


class PictureMixin(models.Model):
    """A picture in the public storage, its size in pixels, and a thumbnail.

    Forms take the picture by `plinth.images.forms.ReencodedImageField`.
    """

    # Pixels
    thumbnail_size = (480, 360)

    picture = models.FileField(
        _("picture"),
        storage=public,
        upload_to=picture_name,
        blank=True,
        default="",
        db_default="",
    )
    picture_width = models.PositiveSmallIntegerField(
        _("width"), null=True, editable=False
    )
    picture_height = models.PositiveSmallIntegerField(
        _("height"), null=True, editable=False
    )
    # Until a task has made it, show the picture.
    thumbnail = models.FileField(
        _("thumbnail"),
        storage=public,
        upload_to=picture_name,
        editable=False,
        blank=True,
        default="",
        db_default="",
    )

    class Meta:
        abstract = True

    def save_with_files(self, update_fields: Iterable[str]) -> bool:
        """Save these fields; return whether a thumbnail is to be made after the commit.

        Files and errors are those of `plinth.storage.model_files.save`.
        """
        fields = set(update_fields)
        if "picture" in fields:
            size = get_image_dimensions(self.picture) if self.picture else None
            self.picture_width, self.picture_height = size or (None, None)
            self.thumbnail = ""
            fields |= {"picture_width", "picture_height", "thumbnail"}
        model_files.save(self, fields)
        return "picture" in fields and bool(self.picture)

    def make_thumbnail(self, **updates: object) -> bool:
        """Make the thumbnail, unless there is one; update other columns with it.

        Return False, and discard the thumbnail, if the picture was replaced meanwhile.
        """
        if self.thumbnail or not self.picture:
            return False
        from .processing import thumbnail

        with self.picture.open() as picture:
            small = thumbnail(picture, self.thumbnail_size)
        self.thumbnail.save("", small, save=False)
        same = type(self)._default_manager.filter(  # noqa: SLF001
            pk=self.pk, picture=self.picture, thumbnail=""
        )
        if same.update(thumbnail=self.thumbnail, **updates):
            return True
        model_files.delete_files([self.thumbnail])
        return False
