import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from plinth.tasks.models import IdempotencyKey


@pytest.mark.django_db(transaction=True)
def test_keys_of_release_0_1_0_are_migrated() -> None:
    call_command("migrate", "jobs", "0001", verbosity=0)
    try:
        executor = MigrationExecutor(connection)
        apps = executor.loader.project_state([("jobs", "0001_initial")]).apps
        before = apps.get_model("jobs", "Effect").objects.create(key="order-1")
    finally:
        call_command("migrate", "jobs", verbosity=0)

    after = IdempotencyKey.objects.get()
    assert (after.key, after.created) == ("order-1", before.created)
