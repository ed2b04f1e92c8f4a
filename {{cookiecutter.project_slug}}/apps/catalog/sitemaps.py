from datetime import datetime

from django.contrib.sitemaps import Sitemap

from .models import Product
from .querysets import ProductQuerySet


class ProductSitemap(Sitemap):
    # A page of 10,000 takes more than a second to make.
    limit = 1_000

    def items(self) -> ProductQuerySet:
        return Product.objects.published().only("sku", "modified").order_by("id")

    def lastmod(self, item: Product) -> datetime:
        return item.modified

    def get_latest_lastmod(self) -> None:
        """Django would read every product for it."""
