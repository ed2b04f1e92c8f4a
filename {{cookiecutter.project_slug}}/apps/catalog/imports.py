"""Import of products from CSV and JSON Lines files: on the page, and by a command."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from plinth.cache import versions
from plinth.data.importer import Importer, RowError
from plinth.data.readers import Columns
from plinth.database.upsert import upsert

from . import services
from .models import Category, Product

# Excludes control characters, and the lone surrogates of invalid UTF-8.
TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
SKU = Product.sku.field.max_length
NAME = Product.name.field.max_length
DESCRIPTION = Product.description.field.max_length
# The form of each value, as a pattern and in words.
RULES = {
    "sku": (
        re.compile(rf"[a-zA-Z0-9_-]{{1,{SKU}}}"),
        format_lazy(gettext_lazy("1 to {max} letters, digits, - or _"), max=SKU),
    ),
    "name": (
        re.compile(rf"(?=.*\S){TEXT}{{1,{NAME}}}"),
        format_lazy(gettext_lazy("1 to {max} characters, in UTF-8"), max=NAME),
    ),
    "price": (
        re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?"),
        gettext_lazy("like 12.50, below 100,000,000"),
    ),
    "description": (
        re.compile(f"{TEXT}{{0,{DESCRIPTION}}}"),
        format_lazy(
            gettext_lazy("at most {max} characters, in UTF-8"), max=DESCRIPTION
        ),
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
                message = _("{column} must be {rule}").format(column=name, rule=rule)
                raise RowError(message)
        category = self.categories.get(values["category"])
        if not category:
            message = _("there is no category {name:.80}")
            raise RowError(message.format(name=ascii(values["category"])))
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
