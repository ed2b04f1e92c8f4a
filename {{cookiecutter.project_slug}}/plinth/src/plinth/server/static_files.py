"""Static files that a production server needs, and `manage.py collectstatic` collects."""

from django.apps import apps
from django.contrib.staticfiles.storage import staticfiles_storage


def static_files_warning() -> str:
    """Return a warning if the manifest of static files is missing; empty if not."""
    is_served = apps.ready and apps.is_installed("django.contrib.staticfiles")
    # Only a storage with a manifest has the attribute.
    if not is_served or getattr(staticfiles_storage, "hashed_files", True):
        return ""
    return (
        "Static files are not collected, so pages answer 500: run "
        "manage.py collectstatic --settings config.settings.production"
    )
