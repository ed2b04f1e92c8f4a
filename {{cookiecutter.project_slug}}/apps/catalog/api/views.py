from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import ProductQuerySet, ReviewQuerySet
from plinth.api.drf import validated
from plinth.api.drf_views import PublicMixin

from . import serializers


class CategoryListView(PublicMixin, generics.ListAPIView):
    queryset = Category.objects.order_by("name")
    serializer_class = serializers.CategorySerializer


class CategoryView(PublicMixin, generics.RetrieveAPIView):
    queryset = Category.objects.all()
    serializer_class = serializers.CategorySerializer
    lookup_field = "slug"


@extend_schema(parameters=[serializers.ProductFilterSerializer])
class ProductListView(PublicMixin, generics.ListAPIView):
    serializer_class = serializers.ProductSerializer

    def get_queryset(self) -> ProductQuerySet:
        filters = validated(serializers.ProductFilterSerializer, self.request)
        return Product.objects.published().for_list().matching(filters)


class ProductView(PublicMixin, generics.RetrieveAPIView):
    queryset = Product.objects.published().for_detail()
    serializer_class = serializers.ProductDetailSerializer
    lookup_field = "sku"


class ReviewListView(PublicMixin, generics.ListAPIView):
    serializer_class = serializers.ReviewSerializer

    def get_product(self) -> Product:
        products = Product.objects.published().only("pk")
        product: Product = get_object_or_404(products, sku=self.kwargs["sku"])
        return product

    def get_queryset(self) -> ReviewQuerySet:
        return Review.objects.for_list().filter(product=self.get_product())

    @extend_schema(responses={201: serializers.ReviewSerializer})
    def post(self, request: Request, sku: str) -> Response:
        """Add the user's review, or change it."""
        assert isinstance(request.user, User)  # PublicMixin
        data = self.get_serializer(data=request.data)
        data.is_valid(raise_exception=True)
        review = services.save_review(
            self.get_product().pk,
            request.user.pk,
            data.validated_data["rating"],
            data.validated_data.get("body", ""),
        )
        return Response(self.get_serializer(review).data, status=201)
