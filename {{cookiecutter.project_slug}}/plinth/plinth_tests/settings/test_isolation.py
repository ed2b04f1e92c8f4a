"""Test settings: the shell and .env have no influence."""

import os

from plinth_tests.processes import evaluate


def test_only_the_database_url_of_the_shell_counts() -> None:
    code = """
from django.conf import settings
names = ("DEBUG", "CDN_DOMAIN", "MEDIA_ORIGIN", "SITE_NAME", "REDIS_URL")
result = {name: getattr(settings, name) for name in names}
result["database"] = settings.DATABASES["default"]["NAME"]
result["level"] = settings.LOGGING["root"]["level"]
"""
    shell = {
        "DEBUG": "true",
        "CDN_DOMAIN": "cdn.example.com",
        "AWS_STORAGE_BUCKET_NAME": "bucket",
        "SITE_NAME": "Of the shell",
        "REDIS_URL": "redis://127.0.0.1:1",
        "LOG_LEVEL": "ERROR",
        "DATABASE_URL": "sqlite:///of-the-shell.sqlite3",
    }
    alone = evaluate(code, environment="test", ENV_FILE=os.devnull)

    found = evaluate(code, environment="test", **shell)

    assert found.pop("database") == "of-the-shell.sqlite3"
    assert alone.pop("database") != "of-the-shell.sqlite3"
    assert found == alone
