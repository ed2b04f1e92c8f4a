"""Drawn pictures of made-up products."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from . import services
from .models import Product

SCALE = 40  # pixels
# The corners of a figure on a ground of 12 by 9, by category.
FIGURES = {
    "chairs": "4,1 4.6,1 4.6,4.4 8,4.4 8,8 7.4,8 7.4,5 4.6,5 4.6,8 4,8",
    "desks": "2,3.5 10,3.5 9.6,8 9,8 8.9,5.6 6.5,5.6 6.5,4.1 3,4.1 2.9,8 2.4,8",
    "lamps": "4.4,3.6 5.3,1 6.7,1 7.6,3.6 6.1,3.6 6.1,7.5 7,8 5,8 5.9,7.5 5.9,3.6",
    "shelves": "3,1 3.4,1 3.4,7 8.6,7 8.6,5 3.4,5 3.4,4.6 9,4.6 9,8 8.6,8 8.6,7.4 3,7.4",
    "tableware": "3,3 9,3 8.6,5.4 7.4,7.2 7,8 5,8 4.6,7.2 3.4,5.4",
    "textiles": "2.5,2.5 7,1.5 9.5,6.5 5,7.5",
}


def add(count: int = 12) -> None:
    """Draw a picture for each of the newest products that has none."""
    newest = Product.objects.select_related("category").order_by("-id")[:count]
    for product in newest:
        figure = FIGURES.get(product.category.slug)
        if not figure or product.picture:
            continue
        hue = product.pk * 67 % 360
        picture = Image.new("RGB", (12 * SCALE, 9 * SCALE), f"hsl({hue},35%,86%)")
        corners = [float(each) * SCALE for each in figure.replace(",", " ").split()]
        ImageDraw.Draw(picture).polygon(corners, f"hsl({hue},35%,36%)")
        picture.save(file := BytesIO(), "webp", method=0)
        product.picture = ContentFile(file.getvalue(), "picture.webp")
        services.save_product(product, ["picture"])
