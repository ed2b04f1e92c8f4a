from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminFileWidget
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from plinth.admin import LargeTableAdmin
from plinth.forms import changed_fields
from plinth.images.forms import ReencodedImageField

from . import services
from .models import Category, Product, Review, Tag


@admin.register(Category)
class CategoryAdmin(LargeTableAdmin):
    invalidates = (services.CATEGORIES, services.PRODUCTS)
    list_display = ["name", "slug"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Tag)
class TagAdmin(LargeTableAdmin):
    invalidates = (services.PRODUCTS,)
    search_fields = ["name"]


class ProductForm(ModelForm):
    picture = ReencodedImageField(
        required=False,
        help_text=_("JPEG, PNG or WebP, 10 MB at most."),
        widget=AdminFileWidget(attrs=ReencodedImageField.widget.attrs),
    )


@admin.register(Product)
class ProductAdmin(LargeTableAdmin):
    form = ProductForm
    list_display = ["name", "sku", "category", "price", "is_published", "review_count"]
    list_select_related = ["category"]
    list_filter = ["is_published", "category"]
    # Both have an index: a unique one, and a trigram index for any part of a name.
    search_fields = ["sku__exact", "name"]
    # Not a <select> of every category.
    autocomplete_fields = ["category", "tags"]
    ordering = ["-pk"]

    def save_model(
        self, request: HttpRequest, obj: Product, form: ModelForm, change: bool
    ) -> None:
        services.save_product(obj, changed=changed_fields(form))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        services.delete_products(queryset)


@admin.register(Review)
class ReviewAdmin(LargeTableAdmin):
    """To read and delete reviews; users write their own."""

    list_display = ["product", "user", "rating", "created"]
    list_select_related = ["product", "user"]
    list_filter = ["rating"]
    search_fields = ["product__sku__exact", "user__email__exact"]
    ordering = ["-pk"]
    # Not in bulk: each deletion changes a product's counters.
    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Review) -> None:
        services.delete_review(obj)
