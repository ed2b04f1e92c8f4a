from apps.catalog.imports import ProductImporter
from plinth.data.commands import ImportCommand


class Command(ImportCommand):
    help = "Add and change products from a CSV file (.csv) or JSON Lines (.jsonl)."
    importer = ProductImporter
