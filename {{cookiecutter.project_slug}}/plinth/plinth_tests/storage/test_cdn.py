"""Static and uploaded files in production: names, URLs, headers."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from plinth.practices import probes
from plinth.practices.states import State
from plinth_tests.processes import EMBEDDED, evaluate

pytestmark = pytest.mark.practice(22)

# Collects a file, and requests it as a browser or a CDN does.
COLLECT = """
import os
from pathlib import Path
from urllib.parse import urlsplit
from django.conf import settings
folder = Path(os.environ["FOLDER"])
(folder / "static" / "css").mkdir(parents=True)
(folder / "static" / "css" / "a.css").write_text("a { color: red }" * 99)
settings.STATICFILES_DIRS = [folder / "static"]
settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
settings.STATIC_ROOT = folder / "collected"
import django
django.setup()
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
from plinth_tests import site
site.use(settings)
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template import engines
from django.test import Client
client = Client(headers={"host": "example.com", "x-forwarded-proto": "https"})
url = staticfiles_storage.url("css/a.css")
responses = {
    accepted: client.get(urlsplit(url).path, headers={"accept-encoding": accepted})
    for accepted in ("identity", "gzip", "br")
}
page = engines["django"].from_string("{% load static %}{% static 'css/a.css' %}")
result = {
    "url": url,
    "page": page.render(),
    "media": settings.MEDIA_URL,
    "csp": settings.SECURE_CSP,
    "statuses": [response.status_code for response in responses.values()],
    "headers": {name: dict(response.headers) for name, response in responses.items()},
}
"""


def collect(folder: Path, **variables: str) -> dict[str, Any]:
    variables = {"FOLDER": str(folder), "TRUSTED_PROXIES": "127.0.0.1", **variables}
    found: dict[str, Any] = evaluate(COLLECT, **EMBEDDED | variables)
    return found


@pytest.fixture(scope="module")
def without_cdn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return collect(tmp_path_factory.mktemp("collected"))


def test_static_file_has_a_hashed_name_and_is_cached_forever(
    without_cdn: dict[str, Any],
) -> None:
    assert without_cdn["url"].startswith("/static/css/a.")
    assert len(Path(without_cdn["url"]).name) == len("a.0123456789ab.css")
    assert without_cdn["statuses"] == [200, 200, 200]
    for headers in without_cdn["headers"].values():
        assert "immutable" in headers["Cache-Control"]
        assert "public" in headers["Cache-Control"]
        # Fonts and modules from another domain need it.
        assert headers["Access-Control-Allow-Origin"] == "*"


def test_static_file_is_compressed_at_collectstatic(
    without_cdn: dict[str, Any],
) -> None:
    headers = without_cdn["headers"].values()

    assert [each.get("Content-Encoding") for each in headers] == [None, "gzip", "br"]
    assert {each["Vary"] for each in headers} == {"Accept-Encoding"}


def test_cdn_domain_moves_all_files_to_the_cdn(tmp_path: Path) -> None:
    found = collect(tmp_path, CDN_DOMAIN="cdn.example.com")

    assert found["url"].startswith("https://cdn.example.com/static/css/a.")
    assert found["page"] == found["url"]
    assert found["media"] == "https://cdn.example.com/media/"
    # On a miss, the CDN fetches a file from the site.
    assert found["statuses"] == [200, 200, 200]
    for directive in ("script-src", "style-src", "img-src", "font-src"):
        assert "https://cdn.example.com" in found["csp"][directive]


def test_private_file_on_the_disk_has_no_url() -> None:
    code = """
from django.conf import settings
from django.core.files.storage import storages
storage = storages["default"]
result = [settings.MEDIA_ROOT in storage.base_location.parents]
try:
    storage.url("a.pdf")
except ValueError as error:
    result.append(str(error))
"""
    assert evaluate(code, **EMBEDDED) == [False, "a.pdf is private: a view sends it"]


def test_probe_finds_static_files_beside_the_cdn(settings: Settings) -> None:
    settings.CDN_DOMAIN = "cdn.example.com"

    assert probes.cdn().state is State.OFF
