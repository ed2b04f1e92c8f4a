import django.utils.timezone
from django.db import migrations, models
from model_utils.fields import MonitorField

from plinth.database.fields import LowercaseEmailField

ID = models.BigAutoField("ID", primary_key=True, auto_created=True, serialize=False)


class Migration(migrations.Migration):
    initial = True

    dependencies = [("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.CreateModel(
            "User",
            [
                ("id", ID),
                ("password", models.CharField("password", max_length=128)),
                (
                    "last_login",
                    models.DateTimeField("last login", blank=True, null=True),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        "superuser status",
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                    ),
                ),
                (
                    "email",
                    LowercaseEmailField(
                        "email address",
                        max_length=254,
                        unique=True,
                        error_messages={
                            "unique": "There is an account with this address already."
                        },
                    ),
                ),
                ("name", models.CharField("name", max_length=150, blank=True)),
                (
                    "is_staff",
                    models.BooleanField(
                        "staff", default=False, help_text="May sign in to the admin."
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        "active",
                        default=True,
                        help_text="May sign in. Switch off instead of deleting.",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField("joined", default=django.utils.timezone.now),
                ),
                (
                    "password_changed",
                    MonitorField(
                        "password changed",
                        default=django.utils.timezone.now,
                        monitor="password",
                        editable=False,
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        "auth.group",
                        "user_set",
                        "user",
                        blank=True,
                        verbose_name="groups",
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        "auth.permission",
                        "user_set",
                        "user",
                        blank=True,
                        verbose_name="user permissions",
                        help_text="Specific permissions for this user.",
                    ),
                ),
            ],
            {"verbose_name": "user", "verbose_name_plural": "users"},
        ),
    ]
