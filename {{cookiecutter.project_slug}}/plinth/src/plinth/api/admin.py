from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from .models import Token


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """To see and revoke tokens; users create their own."""

    list_display = ["name", "user", "created", "expires"]
    list_select_related = ["user"]
    show_full_result_count = False
    search_fields = ["user__email__exact"]
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False
