from django.apps import AppConfig


class SignUpConfig(AppConfig):
    name = "plinth.sign_up"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin

        from . import checks  # noqa: F401 (checks are registered)

        # The admin is behind the site's own sign-in, with its second factor.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
