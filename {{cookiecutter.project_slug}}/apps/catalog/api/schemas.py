from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from ninja import Field, ModelSchema, Schema

from apps.catalog.models import Category, Product, Review
from plinth.api.ninja import Body, PageQuery, Text

Price = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]


class CategoryOut(ModelSchema):
    class Meta:
        model = Category
        fields = ["slug", "name"]


class ProductOut(ModelSchema):
    category: CategoryOut
    tags: list[str]
    rating: float | None

    class Meta:
        model = Product
        fields = ["sku", "name", "price", "review_count"]

    @staticmethod
    def resolve_tags(product: Product) -> list[str]:
        return [tag.name for tag in product.tags.all()]


class ProductDetailOut(ProductOut):
    description: str


class ProductQuery(PageQuery):
    q: Text = Field("", max_length=100)
    category: Text | None = Field(None, min_length=1)
    price_min: Price | None = None
    price_max: Price | None = None
    sort: Literal["newest", "price", "-price"] = "newest"


class ReviewIn(Body):
    rating: int = Field(ge=1, le=5)
    body: Text = Field("", max_length=Review.body.field.max_length)


class ReviewOut(Schema):
    author: str | None = Field(None, alias="user.name")
    rating: int
    body: str
    created: datetime
