from django.contrib.sitemaps import Sitemap
from django.urls import reverse


class PageSitemap(Sitemap):
    def items(self) -> list[str]:
        return ["pages:home"]

    def location(self, item: str) -> str:
        return reverse(item)
