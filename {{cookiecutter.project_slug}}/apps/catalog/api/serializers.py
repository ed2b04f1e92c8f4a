from rest_framework import serializers

from apps.catalog.models import Category, Product, Review
from apps.catalog.querysets import ORDERS
from plinth.api.drf import BodyMixin


class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["slug", "name"]


class ProductSerializer(serializers.ModelSerializer):
    category = CategorySerializer()
    tags: serializers.StringRelatedField = serializers.StringRelatedField(many=True)
    rating = serializers.FloatField(allow_null=True)

    class Meta:
        model = Product
        fields = ["sku", "name", "category", "tags", "price", "rating", "review_count"]


class ProductDetailSerializer(ProductSerializer):
    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "description"]


class ProductFilterSerializer(serializers.Serializer):
    q = serializers.CharField(required=False, max_length=100)
    category = serializers.SlugField(required=False)
    price_min = serializers.DecimalField(10, 2, min_value=0, required=False)
    price_max = serializers.DecimalField(10, 2, min_value=0, required=False)
    sort = serializers.ChoiceField([*ORDERS], default="newest")

    def validate_category(self, slug: str) -> Category:
        try:
            return Category.objects.get(slug=slug)
        except Category.DoesNotExist:
            raise serializers.ValidationError("There is no such category.") from None


class ReviewSerializer(BodyMixin, serializers.ModelSerializer):
    author = serializers.CharField(
        source="user.name", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = Review
        fields = ["author", "rating", "body", "created"]
