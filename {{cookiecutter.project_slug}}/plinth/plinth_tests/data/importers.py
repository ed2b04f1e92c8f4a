from collections.abc import Collection
from typing import Any

from plinth.data.importer import Importer, RowError
from plinth.data.readers import Columns
from plinth.database.upsert import upsert


class DocumentImporter(Importer[tuple[str, int]]):
    columns = Columns(required=("name", "count"))

    def parse(self, values: dict[str, str]) -> tuple[str, int]:
        if not values["count"].isdecimal():
            raise RowError("count must be a number")
        return values["name"], int(values["count"])

    def key(self, item: tuple[str, int]) -> str:
        return item[0]

    def save(self, items: Collection[Any]) -> None:
        from plinth_tests.models import Document

        upsert(Document, ["name", "count"], items, unique_fields=["name"])
