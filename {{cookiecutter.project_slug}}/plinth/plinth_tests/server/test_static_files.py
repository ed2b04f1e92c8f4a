import json
from pathlib import Path

from pytest_django import Settings

from plinth.server.static_files import static_files_warning

STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


def test_missing_manifest_is_a_warning(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": STORAGE}}
    assert "run manage.py collectstatic" in static_files_warning()

    manifest = {"version": "1.1", "paths": {"a.css": "a.0a1b.css"}, "hash": "0"}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    settings.STORAGES = {**settings.STORAGES}
    assert static_files_warning() == ""


def test_storage_without_a_manifest_needs_none(settings: Settings) -> None:
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}

    assert static_files_warning() == ""
