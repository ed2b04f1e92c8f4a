import tracemalloc

import pytest
from django.db import connection

from plinth.database.chunks import iterate
from plinth_tests.models import Document

pytestmark = [pytest.mark.django_db, pytest.mark.practice(8)]

MANY = """
INSERT INTO plinth_document (name, count, file, modified)
WITH RECURSIVE numbers (i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %s)
SELECT %s || '-' || i, 1, '', CURRENT_TIMESTAMP FROM numbers
"""


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(MANY, [rows, str(rows)])
        tracemalloc.start()
        names = Document.objects.values_list("name", "count", "modified")
        assert sum(1 for _ in iterate(names, chunk_size=200)) >= rows
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    small, large = peak(1_000), peak(19_000)

    assert large < 1.5 * small


def test_rows_come_in_chunks_in_order() -> None:
    Document.objects.bulk_create(Document(name=str(number)) for number in range(5))

    rows = iterate(Document.objects.order_by("-id"), chunk_size=2)

    assert [document.name for document in rows] == ["4", "3", "2", "1", "0"]
