from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    # Files that apply a practice, by its number in plinth/PRACTICES.md.
    practices = {26: ("apps/accounts/models.py",)}
