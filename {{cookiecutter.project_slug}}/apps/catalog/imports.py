"""Import of products from CSV and JSON Lines files: on the page, and by a command."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from plinth.cache import versions
from plinth.data.importer import Importer, RowError
from plinth.data.readers import Columns
from plinth.database.upsert import upsert

from . import services
from .models import Category, Product

# Excludes control characters, and the lone surrogates of invalid UTF-8.
TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
# The form of each value, as a pattern and in words.
RULES = {
    "sku": (re.compile(r"[a-zA-Z0-9_-]{1,32}"), "1 to 32 letters, digits, - or _"),
    "name": (
        re.compile(r"(?=.*\S)" + TEXT + "{1,200}"),
        "1 to 200 characters, in UTF-8",
    ),
    "price": (
        re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?"),
        "like 12.50, below 100,000,000",
    ),
    "description": (
        re.compile(TEXT + "{0,10000}"),
        "at most 10,000 characters, in UTF-8",
    ),
}


class Entry(NamedTuple):
    """The columns of a product that an import writes."""

    sku: str
    name: str
    category_id: int
    price: str
    description: str
    modified: datetime


class ProductImporter(Importer[Entry]):
    """Adds products, and changes those whose article number is known."""

    columns = Columns(
        required=("sku", "name", "category", "price"),
        optional=("description",),
        ignored=("reviews",),  # so that an export can be imported
    )

    def __init__(self) -> None:
        self.categories = dict(Category.objects.values_list("name", "pk"))
        self.now = timezone.now()

    def parse(self, values: dict[str, str]) -> Entry:
        # Not by a form, which takes ten times as long.
        for name, (pattern, rule) in RULES.items():
            if not pattern.fullmatch(values.get(name, "")):
                raise RowError(f"{name} must be {rule}")
        category = self.categories.get(values["category"])
        if not category:
            raise RowError(f"there is no category {values['category']!a:.80}")
        return Entry(
            sku=values["sku"],
            name=values["name"],
            category_id=category,
            price=values["price"],
            description=values.get("description", ""),
            modified=self.now,
        )

    def key(self, item: Entry) -> str:
        return item.sku

    def save(self, items: Collection[Entry]) -> None:
        upsert(Product, Entry._fields, items, unique_fields=["sku"])
        versions.invalidate(services.PRODUCTS)
