"""The admin of AbstractEmailUser."""

from django.contrib.auth import admin
from django.utils.translation import gettext_lazy as _

from plinth.admin import LargeTableAdmin

from .forms import AdminPasswordChangeForm

PERMISSIONS = ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]
DATES = ["last_login", "date_joined", "password_changed"]


class EmailUserAdmin(LargeTableAdmin, admin.UserAdmin):
    list_display = ["email", "name", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = DATES
    change_password_form = AdminPasswordChangeForm
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        (_("Permissions"), {"fields": [*PERMISSIONS]}),
        (_("Dates"), {"fields": [*DATES]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "usable_password", "password1", "password2"]}),
    ]
