from django.contrib.auth import get_user_model

from plinth.accounts.models import AbstractEmailUser

# The project may have another user model.
if not issubclass(get_user_model(), AbstractEmailUser):
    collect_ignore = ["test_accounts.py", "test_pages.py"]
