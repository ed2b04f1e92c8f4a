import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.RenameModel("Effect", "IdempotencyKey"),
        migrations.AlterModelOptions(
            "idempotencykey",
            {
                "verbose_name": "idempotency key",
                "verbose_name_plural": "idempotency keys",
            },
        ),
        migrations.AlterField(
            "idempotencykey",
            "created",
            models.DateTimeField(
                db_index=True,
                default=django.utils.timezone.now,
                verbose_name="created",
            ),
        ),
    ]
