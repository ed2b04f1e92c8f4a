"""Drawn pictures of made-up products."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from . import services
from .models import Product

SCALE = 40  # pixels
# Ground and figure
COLOURS = [
    ("#e6d3b8", "#8a5a35"),
    ("#cfd9cf", "#3f6553"),
    ("#f0d9cf", "#a2492f"),
    ("#cddbe6", "#3b5c7e"),
    ("#e9e3c5", "#7d6a1f"),
]
# Corners of polygons on a ground of 12 by 9, by category.
FIGURES = {
    "chairs": ["4,1 4.6,1 4.6,4.4 8,4.4 8,8 7.4,8 7.4,5 4.6,5 4.6,8 4,8"],
    "desks": [
        "2,3.5 10,3.5 10,4.1 9.6,8 9.1,8 8.9,5.6 6.5,5.6 6.5,4.1 3,4.1 2.9,8 2.4,8"
    ],
    "lamps": [
        "4.4,3.6 5.3,1 6.7,1 7.6,3.6 6.1,3.6 6.1,7.5 7.2,8 4.8,8 5.9,7.5 5.9,3.6"
    ],
    "shelves": [
        f"3.4,{y} 8.6,{y} 8.6,{y + 1.7} 8.2,{y + 0.3} 3.8,{y + 0.3} 3.4,{y + 1.7}"
        for y in (1, 2.7, 4.4, 6.1)
    ],
    "tableware": ["3,3 9,3 8.6,5.4 7.4,7.2 7,8 5,8 4.6,7.2 3.4,5.4"],
    "textiles": [
        f"3,{y} 9,{y - 0.6} 9,{y + 0.2} 3,{y + 0.8}" for y in (2, 3.2, 4.4, 5.6, 6.8)
    ],
}


def add(count: int = 12) -> None:
    """Draw a picture for each of the newest products that has none."""
    newest = Product.objects.select_related("category").order_by("-id")[:count]
    for product in newest:
        figures = FIGURES.get(product.category.slug)
        if not figures or product.picture:
            continue
        ground, colour = COLOURS[product.pk % len(COLOURS)]
        picture = Image.new("RGB", (12 * SCALE, 9 * SCALE), ground)
        draw = ImageDraw.Draw(picture)
        for corners in figures:
            pairs = [corner.split(",") for corner in corners.split()]
            draw.polygon(
                [(float(x) * SCALE, float(y) * SCALE) for x, y in pairs], colour
            )
        picture.save(file := BytesIO(), "webp", method=0)
        product.picture = ContentFile(file.getvalue(), "picture.webp")
        services.save_product(product, ["picture"])
