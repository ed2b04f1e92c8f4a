from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product, Review
from plinth.api.ninja import Page, PageQuery, paginate, public
from plinth.api.problems import Problem

from . import schemas

router = Router(tags=["catalog"])


@router.get("categories/", response=Page[schemas.CategoryOut], auth=None)
@public
def list_categories(request: HttpRequest, query: Query[PageQuery]) -> Any:
    return paginate(request, Category.objects.order_by("name"), query)


@router.get("categories/{slug:slug}/", response=schemas.CategoryOut, auth=None)
@public
def get_category(request: HttpRequest, slug: str) -> Any:
    return get_object_or_404(Category, slug=slug)


@router.get("products/", response=Page[schemas.ProductOut], auth=None)
@public
def list_products(request: HttpRequest, query: Query[schemas.ProductQuery]) -> Any:
    filters = query.dict()
    if slug := filters["category"]:
        filters["category"] = Category.objects.filter(slug=slug).first()
        if not filters["category"]:
            error = {"detail": "There is no such category.", "parameter": "category"}
            raise Problem(400, errors=[error])
    products = Product.objects.published().for_list().matching(filters)
    return paginate(request, products, query)


@router.get("products/{slug:sku}/", response=schemas.ProductDetailOut, auth=None)
@public
def get_product(request: HttpRequest, sku: str) -> Any:
    return get_object_or_404(Product.objects.published().for_detail(), sku=sku)


@router.get("products/{slug:sku}/reviews/", response=Page[schemas.ReviewOut], auth=None)
@public
def list_reviews(request: HttpRequest, sku: str, query: Query[PageQuery]) -> Any:
    reviews = Review.objects.for_list().filter(product=find_product(sku))
    return paginate(request, reviews, query)


@router.post("products/{slug:sku}/reviews/", response={201: schemas.ReviewOut})
def save_review(request: HttpRequest, sku: str, data: schemas.ReviewIn) -> Any:
    """Add the user's review, or change it."""
    assert isinstance(request.user, User)  # no auth=None
    product = find_product(sku)
    review = services.save_review(product.pk, request.user.pk, **data.dict())
    return Status(201, review)


def find_product(sku: str) -> Product:
    products = Product.objects.published().only("pk")
    product: Product = get_object_or_404(products, sku=sku)
    return product
