from functools import partial
from hashlib import sha256
from time import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.forms import BaseForm
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.http import condition
from django.views.decorators.vary import vary_on_cookie
from django.views.generic import DetailView, FormView, TemplateView, View

from apps.accounts.models import User
from plinth.cache import stampede, versions
from plinth.cache.microcache import microcache

from . import formats, imports, manuals, services
from .forms import FilterForm, ImportForm, ReviewForm
from .manuals import ManualForm
from .models import Import, Product, Review

# Seconds
PUBLIC_PAGE = 300
OWN_PAGE = 60
TOTALS = 600

# Seconds that a cache in front, which no change here reaches, may keep a page. A browser
# asks each time. For who has a session, SessionPrivacyMiddleware makes the page private.
IN_FRONT = 60
# And show it while this site fails: a day.
IF_DOWN = 86_400
SAME_FOR_ALL: dict[str, Any] = {
    "public": True,
    "max_age": 0,
    "s_maxage": IN_FRONT,
    "stale_if_error": IF_DOWN,
}

REVIEWS_LISTED = 100
MORE_SHOWN = 3


@method_decorator(microcache, "dispatch")
class HomeView(TemplateView):
    """The same for everybody, so it is kept for everybody: its template knows no user.

    A change of a product drops it, here at once, in this site's other processes after a
    moment, in browsers after PUBLIC_PAGE seconds.
    """

    template_name = "catalog/home.html"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        # A new release may have new styles under new names.
        prefix = f"{settings.RELEASE}-{versions.current(services.PRODUCTS)}"
        view = cache_page(PUBLIC_PAGE, key_prefix=prefix)(super().dispatch)
        # Who asks when it runs out gets the old one once more, and nobody waits. Browsers
        # do so too: not for a page that may know who has just signed in.
        view = cache_control(
            public=True,
            s_maxage=IN_FRONT,
            stale_while_revalidate=IN_FRONT,
            stale_if_error=IF_DOWN,
        )(view)
        return view(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        newest = Product.objects.published().listed().page("newest").products
        return super().get_context_data(totals=totals(), newest=newest, **kwargs)


def totals() -> dict[str, Any]:
    """Return the numbers of products: old by TOTALS seconds at most.

    They take long and many pages show them: when they run out, one request counts anew.
    """
    compute = Product.objects.published().totals
    return stampede.get_or_set("catalog-totals", compute, TOTALS)


class ProductListView(TemplateView):
    template_name = "catalog/products.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = FilterForm(request.GET)
        if not form.is_valid():
            context = self.get_context_data(form=form, totals=totals())
            return self.render_to_response(context, status=400)
        asked = form.cleaned_data
        products = Product.objects.published().listed()
        if asked["q"]:
            products = products.search(asked["q"])
        if asked["category"]:
            products = products.filter(category=asked["category"])
        if asked["price_min"] is not None:
            products = products.filter(price__gte=asked["price_min"])
        if asked["price_max"] is not None:
            products = products.filter(price__lte=asked["price_max"])
        page = products.page(asked["sort"] or "newest", asked["after"])
        response = self.render_to_response(
            self.get_context_data(form=form, page=page, totals=totals())
        )
        patch_cache_control(response, **SAME_FOR_ALL)
        return response


class ProductView(DetailView):
    """A page that browsers ask for again, and get again only if it has changed."""

    template_name = "catalog/product.html"
    slug_field = slug_url_kwarg = "sku"
    queryset = Product.objects.published().shown()

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        found = Product.objects.published().filter(sku=kwargs["sku"])
        modified = found.values_list("modified", flat=True).first()
        if not modified:
            raise Http404
        # What the page is made of: the release, the product, the names of its category
        # and tags, and who asks, whose name, messages and token are on it.
        parts = (
            settings.RELEASE,
            # With it, addresses of files that are signed are new before they run out.
            settings.MEDIA_SIGNED_FOR and time() // (settings.MEDIA_SIGNED_FOR / 2),
            modified,
            versions.current(services.PRODUCTS),
            request.headers.get("Cookie"),
        )
        etag = sha256(repr(parts).encode()).hexdigest()[:32]
        view = condition(lambda *_, **__: f'"{etag}"', lambda *_, **__: modified)(
            super().dispatch
        )
        return cache_control(**SAME_FOR_ALL)(view)(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        product, user = self.object, self.request.user
        reviews = Review.objects.filter(product=product)
        in_category = Product.objects.published().filter(category=product.category)
        return super().get_context_data(
            ratings=reviews.ratings(),
            has_reviewed=user.is_authenticated and reviews.filter(user=user).exists(),
            # Asked for by a fragment, if that is not kept.
            more=partial(in_category.listed().page, "newest"),
            version=versions.current(services.PRODUCTS),
            more_shown=f":{MORE_SHOWN}",
            **kwargs,
        )


class BadRequestMixin:
    """Say by the status too that a form was not taken, to what is no browser."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 400
        return response


class ReviewView(LoginRequiredMixin, BadRequestMixin, FormView):
    template_name = "catalog/review.html"
    form_class = ReviewForm

    @cached_property
    def product(self) -> Product:
        products = Product.objects.published().only("sku", "name")
        product: Product = get_object_or_404(products, sku=self.kwargs["sku"])
        return product

    def get_form_kwargs(self) -> dict[str, Any]:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        mine = Review.objects.filter(product=self.product, user=self.request.user)
        return super().get_form_kwargs() | {"instance": mine.first()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(product=self.product, **kwargs)

    def form_valid(self, form: ReviewForm) -> HttpResponse:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        services.write_review(
            self.product.pk, self.request.user.pk, **form.cleaned_data
        )
        messages.success(self.request, _("Thank you for your review."))
        return super().form_valid(form)

    def get_success_url(self) -> str:
        return self.product.get_absolute_url()


class ManualView(LoginRequiredMixin, View):
    """For who is signed in. The bucket sends it, by an address that soon runs out."""

    def get(self, request: HttpRequest, sku: str) -> HttpResponseBase:
        products = Product.objects.published().exclude(manual="").only("manual")
        product = get_object_or_404(products, sku=sku)
        response: HttpResponseBase
        if settings.MEDIA_ORIGIN:
            response = HttpResponseRedirect(product.manual.url)
        else:
            file = product.manual.open()
            response = FileResponse(file, as_attachment=True, filename=f"{sku}.pdf")
        response.headers["Cache-Control"] = "private, no-store"
        return response


class ManualEditorMixin(PermissionRequiredMixin):
    permission_required = "catalog.change_product"
    kwargs: dict[str, Any]

    @cached_property
    def product(self) -> Product:
        product: Product = get_object_or_404(Product, sku=self.kwargs["sku"])
        return product


class ManualUploadView(ManualEditorMixin, BadRequestMixin, FormView):
    form_class = ManualForm
    template_name = "catalog/manual.html"

    # {% if cookiecutter.media_storage == "s3" %}
    def get_template_names(self) -> list[str]:
        direct = ["catalog/manual_direct.html"] if settings.MEDIA_ORIGIN else []
        return [*direct, self.template_name]

    # {% endif %}
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            product=self.product, limit=manuals.LIMIT, **kwargs
        )

    def form_valid(self, form: ManualForm) -> HttpResponse:
        try:
            services.save_manual(self.product, form.cleaned_data["file"])
        except services.StorageFailedError as error:
            form.add_error("file", str(error))
            response = self.form_invalid(form)
            response.status_code = 503
            return response
        messages.success(self.request, _("The manual is saved."))
        return super().form_valid(form)

    def get_success_url(self) -> str:
        return self.product.get_absolute_url()


class MyReviewsView(LoginRequiredMixin, TemplateView):
    """Somebody's own page, kept for a minute for the very cookie that it was made for."""

    template_name = "catalog/my_reviews.html"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        # The session says who it is; the user is looked up when the page is made.
        prefix = versions.current(services.reviews_of(request.session.get(SESSION_KEY)))
        # From the inside out. The session's own Vary header comes too late for what is
        # kept, so the view sets it; and caches on the way must keep none of it.
        view = vary_on_cookie(super().dispatch)
        view = cache_page(OWN_PAGE, key_prefix=prefix)(view)
        view = cache_control(private=True, no_cache=True)(view)
        return view(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Made here: after the decorators it would be private, and so not be kept.
        response = super().get(request, *args, **kwargs)
        assert isinstance(response, TemplateResponse)
        return response.render()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, User)  # LoginRequiredMixin
        mine = Review.objects.of(self.request.user.pk)[:REVIEWS_LISTED]
        return super().get_context_data(reviews=mine, **kwargs)


class ExportView(PermissionRequiredMixin, View):
    """All products as CSV: sent while it is read, in the same memory for any number."""

    permission_required = "catalog.view_product"

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(
            formats.write_csv(Product.objects.published().export()),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": 'attachment; filename="products.csv"',
                "Cache-Control": "private, no-store",
            },
        )


class ImportView(PermissionRequiredMixin, BadRequestMixin, FormView):
    template_name = "catalog/import.html"
    form_class = ImportForm
    permission_required = ["catalog.add_product", "catalog.change_product"]

    def form_valid(self, form: ImportForm) -> HttpResponse:
        assert isinstance(self.request.user, User)  # PermissionRequiredMixin
        try:
            begun = imports.begin_import(
                self.request.user.pk,
                form.cleaned_data["file"],
                keep_good=form.cleaned_data["keep_good"],
            )
        except imports.NotBegunError:
            form.add_error(
                None,
                _("The file could not be taken just now. Try again in some minutes."),
            )
            response = self.form_invalid(form)
            response.status_code = 503
            return response
        return redirect(begun)


class ImportProgressView(PermissionRequiredMixin, DetailView):
    """How far an import is; the page asks again until it is over."""

    template_name = "catalog/import_progress.html"
    permission_required = ImportView.permission_required
    queryset = Import.objects.all()

    def render_to_response(
        self, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        response["Cache-Control"] = "private, no-store"
        if not self.object.finished:
            # Seconds: the browser asks again without a script.
            response["Refresh"] = "2"
        return response
