"""Files of a product: old code still inserts rows, as the database has defaults."""

from django.db import migrations, models

import apps.catalog.models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="manual",
            field=models.FileField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                upload_to=apps.catalog.models.manual_name,
                verbose_name="manual",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="picture",
            field=models.FileField(
                blank=True,
                db_default="",
                default="",
                storage=apps.catalog.models.public,
                upload_to=apps.catalog.models.picture_name,
                verbose_name="picture",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="picture_height",
            field=models.PositiveSmallIntegerField(
                editable=False, null=True, verbose_name="height"
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="picture_width",
            field=models.PositiveSmallIntegerField(
                editable=False, null=True, verbose_name="width"
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="thumbnail",
            field=models.FileField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                storage=apps.catalog.models.public,
                upload_to=apps.catalog.models.picture_name,
                verbose_name="thumbnail",
            ),
        ),
    ]
