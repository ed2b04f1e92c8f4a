from itertools import batched
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def trust_addresses(apps: Any, schema_editor: Any) -> None:
    """Users from before sign-up keep their address, as verified."""
    User = apps.get_model(settings.AUTH_USER_MODEL)
    EmailAddress = apps.get_model("account", "EmailAddress")
    database = schema_editor.connection.alias
    users = User.objects.using(database).filter(emailaddress=None)
    rows = users.order_by("pk").values_list("pk", "email").iterator(chunk_size=5_000)
    for chunk in batched(rows, 5_000):
        addresses = [
            EmailAddress(user_id=pk, email=email, verified=True, primary=True)
            for pk, email in chunk
        ]
        EmailAddress.objects.using(database).bulk_create(
            addresses, ignore_conflicts=True
        )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("due", models.DateTimeField(db_index=True, verbose_name="due")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "requested deletion",
                "verbose_name_plural": "requested deletions",
            },
        ),
        migrations.RunPython(trust_addresses, migrations.RunPython.noop, elidable=True),
    ]
