from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from .models import Suppression


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):
    """The suppression list: look up, add, and delete once an address works again."""

    list_display = ["address", "reason", "provider", "created"]
    list_filter = ["reason"]
    search_fields = ["address__startswith"]
    ordering = ["-pk"]
    fields = ["address", "reason"]
    show_full_result_count = False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False
