from django.db import migrations

from plinth.database.fields import TimeZoneField


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.AddField("user", "time_zone", TimeZoneField("time zone"))]
