from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.generic import DetailView, FormView, TemplateView, View

from apps.accounts.models import User
from plinth.cache import stampede, versions
from plinth.cache.pages import (
    ConditionalPageMixin,
    PrivatePageMixin,
    PublicPageMixin,
    allow_proxies,
)
from plinth.data import views as imports
from plinth.data.writers import stream_csv
from plinth.database.keyset import InvalidCursorError
from plinth.http.uploads import LargeBodyMixin
from plinth.http.views import BadRequestMixin
from plinth.storage.direct_upload import RemoteFile
from plinth.storage.documents import PDF, check_pdf
from plinth.storage.model_files import StorageUnavailableError
from plinth.storage.views import DirectUploadView, PrivateFileView

from . import services
from .forms import MANUAL_MAX_BYTES, FilterForm, ManualForm, ReviewForm
from .models import Import, Product, Review, manual_name
from .querysets import EXPORTED

# Seconds
TOTALS_SECONDS = 600
# Rows
NEWEST = 6
MORE = 3
REVIEWS_LISTED = 100


def totals() -> dict[str, Any]:
    """Return the numbers of products, at most TOTALS_SECONDS old.

    They read every row and many pages show them: one request computes them, the others
    wait for its result.
    """
    key = f"catalog-totals-{versions.current(services.CATEGORIES)}"
    compute = Product.objects.published().totals
    return stampede.get_or_set(key, compute, TOTALS_SECONDS)


class HomeView(PublicPageMixin, TemplateView):
    template_name = "catalog/home.html"
    cache_name = services.PRODUCTS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        newest = Product.objects.published().for_list().order_by("-id")[:NEWEST]
        return super().get_context_data(totals=totals(), newest=newest, **kwargs)


class ProductListView(TemplateView):
    template_name = "catalog/products.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = FilterForm(request.GET)
        page = None
        if form.is_valid():
            try:
                found = Product.objects.published().for_list()
                found = found.matching(form.cleaned_data)
                page = found.page(request.GET.get("after", ""))
            except InvalidCursorError:
                form.add_error(None, _("There is no such page."))
        context = self.get_context_data(form=form, page=page, totals=totals())
        if page is None:
            return self.render_to_response(context, status=400)
        response = self.render_to_response(context)
        allow_proxies(response)
        return response


class ProductView(ConditionalPageMixin, DetailView):
    template_name = "catalog/product.html"
    slug_field = slug_url_kwarg = "sku"
    queryset = Product.objects.published().for_page()
    cache_name = services.PRODUCTS
    more_seconds = 300

    def get_last_modified(self) -> datetime:
        found = Product.objects.published().filter(sku=self.kwargs["sku"])
        modified: datetime | None = found.values_list("modified", flat=True).first()
        if not modified:
            raise Http404
        return modified

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        product, user = self.object, self.request.user
        reviews = Review.objects.filter(product=product)
        version = f"{versions.current(services.PRODUCTS)}-{get_language()}"
        others = Product.objects.published().filter(category=product.category_id)

        def newest_ids() -> list[int]:
            return list(others.order_by("-id").values_list("id", flat=True)[:MORE])

        key = f"catalog-newest-{product.category_id}-{version}"
        newest = stampede.get_or_set(key, newest_ids, self.more_seconds)
        excluded = product.pk if product.pk in newest else None
        return super().get_context_data(
            ratings=reviews.ratings(),
            has_reviewed=user.is_authenticated and reviews.filter(user=user).exists(),
            # Evaluated by the template's fragment, when that is not cached.
            more=others.exclude(pk=excluded).for_list().order_by("-id")[:MORE],
            excluded=excluded,
            version=version,
            **kwargs,
        )


class ReviewView(LoginRequiredMixin, BadRequestMixin, FormView):
    template_name = "catalog/product_form.html"
    form_class = ReviewForm
    extra_context = {"title": _("Your review"), "submit": _("Save")}

    @cached_property
    def product(self) -> Product:
        products = Product.objects.published().only("sku", "name")
        product: Product = get_object_or_404(products, sku=self.kwargs["sku"])
        return product

    def get_form_kwargs(self) -> dict[str, Any]:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        mine = Review.objects.filter(product=self.product, user=self.request.user)
        return super().get_form_kwargs() | {"instance": mine.first()}

    def form_valid(self, form: ReviewForm) -> HttpResponse:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        services.save_review(self.product.pk, self.request.user.pk, **form.cleaned_data)
        messages.success(self.request, _("Thank you for your review."))
        return super().form_valid(form)

    def get_success_url(self) -> str:
        return self.product.get_absolute_url()


class MyReviewsView(LoginRequiredMixin, PrivatePageMixin, TemplateView):
    template_name = "catalog/my_reviews.html"

    def get_cache_name(self) -> str:
        return services.reviews_by(self.request.user.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        mine = Review.objects.by_user(self.request.user.pk)[:REVIEWS_LISTED]
        return super().get_context_data(reviews=mine, **kwargs)


class ManualView(LoginRequiredMixin, PrivateFileView):
    def get_file(self) -> FieldFile:
        products = Product.objects.published().exclude(manual="").only("manual")
        file: FieldFile = get_object_or_404(products, sku=self.kwargs["sku"]).manual
        return file

    def get_filename(self) -> str:
        return f"{self.kwargs['sku']}.pdf"


class ManualEditorMixin(PermissionRequiredMixin):
    permission_required = "catalog.change_product"
    kwargs: dict[str, Any]

    @cached_property
    def product(self) -> Product:
        products = Product.objects.published()
        product: Product = get_object_or_404(products, sku=self.kwargs["sku"])
        return product


class ManualUploadView(ManualEditorMixin, LargeBodyMixin, BadRequestMixin, FormView):
    form_class = ManualForm
    extra_context = {
        "title": _("Manual"),
        "submit": _("Upload"),
        "max_bytes": MANUAL_MAX_BYTES,
    }

    def get_template_names(self) -> list[str]:
        name = "manual_direct" if settings.UPLOADS.direct else "product_form"
        return [f"catalog/{name}.html"]

    def form_valid(self, form: ManualForm) -> HttpResponse:
        try:
            services.save_manual(self.product, form.cleaned_data["file"])
        except StorageUnavailableError as error:
            form.add_error("file", str(error))
            return self.form_invalid(form, status=503)
        messages.success(self.request, _("The manual is saved."))
        return super().form_valid(form)

    def get_success_url(self) -> str:
        return self.product.get_absolute_url()


class ManualDirectUploadView(ManualEditorMixin, DirectUploadView):
    """The requests of a browser that uploads a manual straight to the bucket."""

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


class ExportView(PermissionRequiredMixin, View):
    """Published products as CSV, streamed in constant memory."""

    permission_required = "catalog.view_product"

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(
            stream_csv(EXPORTED, Product.objects.published().export()),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": 'attachment; filename="products.csv"',
                "Cache-Control": "private, no-store",
            },
        )


class ImportView(imports.ImportView):
    model = Import
    template_name = "catalog/import.html"
    extra_context = {"title": _("Import of products"), "submit": _("Import")}
    permission_required = ["catalog.add_product", "catalog.change_product"]


class ImportProgressView(imports.ImportProgressView):
    model = Import
    template_name = "catalog/import_progress.html"
    extra_context = {"title": _("Import of products")}
    permission_required = ImportView.permission_required
