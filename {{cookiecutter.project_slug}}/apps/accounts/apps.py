from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    # Where it shows which of the 73 practices: `make practices`.
    practices = {
        20: ("apps/accounts/models.py", "apps/accounts/views.py"),
        26: ("apps/accounts/models.py",),
    }
