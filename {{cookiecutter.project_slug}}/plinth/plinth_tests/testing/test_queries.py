import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.utils import timezone

from plinth.testing.queries import assert_index_used, concurrent_indexes, queries

pytestmark = pytest.mark.django_db


def test_queries_of_a_block_are_collected() -> None:
    with queries() as sql:
        assert not Session.objects.exists()

    (select,) = sql
    assert "django_session" in select


@pytest.mark.practice(17)
def test_query_without_an_index_fails() -> None:
    index = "django_session_expire_date"
    (name,) = {each for each in indexes() if each.startswith(index)}

    assert_index_used(Session.objects.order_by("expire_date"), name)
    with pytest.raises(AssertionError):
        assert_index_used(Session.objects.order_by("session_data"), name)
    with pytest.raises(AssertionError):
        assert_index_used(Permission.objects.all(), name)


def test_rows_are_there_afterwards() -> None:
    Session.objects.create(session_key="a", expire_date=timezone.now())
    (name,) = {each for each in indexes() if each.startswith("django_session_expire")}

    assert_index_used(Session.objects.order_by("expire_date"), name)

    assert Session.objects.exists()


def indexes() -> set[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        table = Session._meta.db_table  # noqa: SLF001
        return {*connection.introspection.get_constraints(cursor, table)}


@pytest.mark.practice(17)
def test_index_that_blocks_writes_fails() -> None:
    with pytest.raises(AssertionError, match="CREATE INDEX"):
        concurrent_indexes("sessions", "0001_initial")
