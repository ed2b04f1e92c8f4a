from collections.abc import Iterator

from apps.catalog import pictures, seeds
from plinth.data.commands import SeedCommand


class Command(SeedCommand):
    help = "Fill the catalogue with made-up products, up to a number of them."
    rows = "products"

    def seed(self, target: int, seed: int) -> Iterator[int]:
        yield from seeds.fill(target, seed)
        pictures.add()
