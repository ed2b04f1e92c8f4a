"""A base for the admin of tables with many rows, many editors, and cached pages."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from plinth.cache import versions
from plinth.forms import changed_fields
from plinth.storage import model_files


class LargeTableAdmin(admin.ModelAdmin):
    """Counts no whole table, saves changed columns only, invalidates cached pages.

    Replaced and deleted files leave the storage on commit. A search counts its own
    results; give `search_fields` that an index answers.
    """

    # Names for `plinth.cache.versions.invalidate`, after every change.
    invalidates: ClassVar[tuple[str, ...]] = ()

    show_full_result_count = False
    list_per_page = 50

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        model_files.save(obj, changed_fields(form))

    def save_related(self, request: HttpRequest, *args: Any) -> None:
        super().save_related(request, *args)
        self.invalidate()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, self.model._default_manager.filter(pk=obj.pk))  # noqa: SLF001

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        model_files.delete(queryset)
        self.invalidate()

    def invalidate(self) -> None:
        for name in self.invalidates:
            versions.invalidate(name)

    def changeform_view(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except model_files.StorageUnavailableError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())
