from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminFileWidget
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from plinth.cache import versions

from . import services
from .models import Category, Product, Review, Tag
from .pictures import PictureField


class CatalogAdmin(admin.ModelAdmin):
    """Lists that stay quick at a million rows; changes that drop the pages they outdate."""

    # One count of the table less for each page.
    show_full_result_count = False
    list_per_page = 50

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        versions.invalidate(services.PRODUCTS)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        versions.invalidate(services.PRODUCTS)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        super().delete_queryset(request, queryset)
        versions.invalidate(services.PRODUCTS)


@admin.register(Category)
class CategoryAdmin(CatalogAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Tag)
class TagAdmin(CatalogAdmin):
    search_fields = ["name"]


class ProductForm(ModelForm):
    picture = PictureField(
        required=False,
        help_text=_("JPEG, PNG or WebP, 10 MB at most."),
        widget=AdminFileWidget(attrs=PictureField.widget.attrs),
    )


@admin.register(Product)
class ProductAdmin(CatalogAdmin):
    form = ProductForm
    list_display = ["name", "sku", "category", "price", "is_published", "review_count"]
    list_select_related = ["category"]
    list_filter = ["is_published", "category"]
    # Exact, so that an index answers: the name has one for any part of it.
    search_fields = ["sku__exact", "name"]
    autocomplete_fields = ["category", "tags"]
    ordering = ["-pk"]

    def save_model(
        self, request: HttpRequest, obj: Product, form: ModelForm, change: bool
    ) -> None:
        services.save_product(
            obj, changed=[name for name in form.changed_data if name != "tags"]
        )

    def changeform_view(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except services.StorageFailedError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        services.remove_products(Product.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        services.remove_products(queryset)


@admin.register(Review)
class ReviewAdmin(CatalogAdmin):
    """To read and to remove: people write their own."""

    list_display = ["product", "user", "rating", "created"]
    list_select_related = ["product", "user"]
    list_filter = ["rating"]
    search_fields = ["product__sku__exact", "user__email__exact"]
    ordering = ["-pk"]
    # Each removal changes a product's counters.
    actions: Sequence[Any] | None = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Review) -> None:
        services.remove_review(obj)
