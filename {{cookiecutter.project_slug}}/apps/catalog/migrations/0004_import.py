import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

ID = models.BigAutoField("ID", primary_key=True, auto_created=True, serialize=False)
STATES = ["waiting", "checking", "saving", "saved", "refused", "failed"]


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "Import",
            [
                ("id", ID),
                ("file", models.CharField("file", max_length=200)),
                (
                    "skip_invalid",
                    models.BooleanField("skip invalid rows", db_column="keep_good"),
                ),
                (
                    "state",
                    models.CharField(
                        "state",
                        max_length=10,
                        choices=[(state, state) for state in STATES],
                        default="waiting",
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField("percent", default=0)),
                ("saved", models.PositiveIntegerField("rows saved", default=0)),
                (
                    "error_count",
                    models.PositiveIntegerField("rows in error", default=0),
                ),
                ("errors", models.TextField("errors", blank=True)),
                (
                    "created",
                    models.DateTimeField(
                        "uploaded", default=django.utils.timezone.now, db_index=True
                    ),
                ),
                ("finished", models.DateTimeField("finished", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        django.db.models.deletion.SET_NULL,
                        related_name="+",
                        verbose_name="user",
                        null=True,
                    ),
                ),
            ],
            {"verbose_name": "import", "verbose_name_plural": "imports"},
        ),
    ]
