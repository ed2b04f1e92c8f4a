"""Files of a product. Defaults in the database let old code insert rows."""

from django.db import migrations, models

from apps.catalog.models import manual_name
from plinth.images.models import picture_name, public


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_indexes")]

    operations = [
        migrations.AddField(
            "product",
            "manual",
            models.FileField(
                "manual",
                upload_to=manual_name,
                blank=True,
                default="",
                db_default="",
                editable=False,
            ),
        ),
        migrations.AddField(
            "product",
            "picture",
            models.FileField(
                "picture",
                upload_to=picture_name,
                storage=public,
                blank=True,
                default="",
                db_default="",
            ),
        ),
        migrations.AddField(
            "product",
            "picture_height",
            models.PositiveSmallIntegerField("height", null=True, editable=False),
        ),
        migrations.AddField(
            "product",
            "picture_width",
            models.PositiveSmallIntegerField("width", null=True, editable=False),
        ),
        migrations.AddField(
            "product",
            "thumbnail",
            models.FileField(
                "thumbnail",
                upload_to=picture_name,
                storage=public,
                blank=True,
                default="",
                db_default="",
                editable=False,
            ),
        ),
    ]
