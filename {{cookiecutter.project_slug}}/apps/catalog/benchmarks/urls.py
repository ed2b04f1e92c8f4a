"""Variants of the catalogue's views that lack a practice, below /without/."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.catalog import querysets, views
from apps.catalog.forms import FilterForm
from apps.catalog.models import Product
from plinth.data.writers import stream_csv
from plinth.database import keyset

app_name = "without"


class NumberedListView(views.ProductListView):
    """Pagination by COUNT and OFFSET, which read all rows and those of the pages before."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        products = Product.objects.published().for_list().order_by("-id")
        pages = Paginator(products, querysets.PAGE_SIZE)
        page = keyset.Page(list(pages.get_page(request.GET["page"])), "")
        form = FilterForm({})
        form.is_valid()
        return self.render_to_response(
            self.get_context_data(form=form, page=page, totals=views.totals())
        )


class WholeExportView(views.ExportView):
    """The export without streaming: all objects are in memory at once."""

    def get(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        products = Product.objects.published().select_related("category").order_by("id")
        rows = [
            (
                product.sku,
                product.name,
                product.category.name,
                product.price,
                product.description,
                product.review_count,
            )
            for product in products
        ]
        content = "".join(stream_csv(querysets.EXPORTED, rows))
        return HttpResponse(content, content_type="text/csv; charset=utf-8")


urlpatterns = [
    path("keyset/", NumberedListView.as_view(), name="keyset"),
    path("streaming/", WholeExportView.as_view(), name="streaming"),
]
