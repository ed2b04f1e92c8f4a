"""Static files and uploads as production hands them out: names, addresses, headers."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from plinth.practices import probes
from plinth.practices.states import State
from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(22)

# Collects, then asks for a page's style as a browser or a CDN does.
COLLECT = """
import json, os
from pathlib import Path
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
settings.STATIC_ROOT = Path(os.environ["COLLECTED"])
# The admin's files are many, and like these.
call_command(
    "collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"]
)
from config.wsgi import application
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.test import Client
from urllib.parse import urlsplit
client = Client(headers={"host": "example.com", "x-forwarded-proto": "https"})
address = staticfiles_storage.url("css/site.css")
path = urlsplit(address).path
answers = {
    accepted: client.get(path, headers={"accept-encoding": accepted})
    for accepted in ("identity", "gzip", "br")
}
print(json.dumps({
    "address": address,
    "page": render_to_string("error.html"),
    "media": settings.MEDIA_URL,
    "csp": settings.SECURE_CSP,
    "statuses": [answer.status_code for answer in answers.values()],
    "headers": {name: dict(answer.headers) for name, answer in answers.items()},
}))
"""


def collect(folder: Path, **variables: str) -> dict[str, Any]:
    done = run_code(COLLECT, **(EMBEDDED | {"COLLECTED": str(folder)} | variables))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a site without a CDN hands out."""
    return collect(tmp_path_factory.mktemp("collected"))


def test_static_files_have_their_contents_hash_in_the_name_and_are_kept_for_ever(
    alone: dict[str, Any],
) -> None:
    assert alone["address"].startswith("/static/css/site.")
    assert len(Path(alone["address"]).name) == len("site.0123456789ab.css")
    assert alone["statuses"] == [200, 200, 200]
    for headers in alone["headers"].values():
        assert "immutable" in headers["Cache-Control"]
        assert "public" in headers["Cache-Control"]
        # Fonts and modules on another domain need it.
        assert headers["Access-Control-Allow-Origin"] == "*"


def test_static_files_are_compressed_when_they_are_collected(
    alone: dict[str, Any],
) -> None:
    encodings = [
        headers.get("Content-Encoding") for headers in alone["headers"].values()
    ]

    assert encodings == [None, "gzip", "br"]
    assert {headers["Vary"] for headers in alone["headers"].values()} == {
        "Accept-Encoding"
    }


def test_one_variable_puts_all_files_on_the_cdn(tmp_path: Path) -> None:
    found = collect(tmp_path, CDN_DOMAIN="cdn.example.com")

    assert found["address"].startswith("https://cdn.example.com/static/css/site.")
    assert found["address"] in found["page"]
    assert found["media"] == "https://cdn.example.com/media/"
    # The CDN fetches from the site what it does not have yet.
    assert found["statuses"] == [200, 200, 200]
    for directive in ("script-src", "style-src", "img-src", "font-src"):
        assert "https://cdn.example.com" in found["csp"][directive]


def test_private_files_have_no_address_on_the_disk() -> None:
    code = """
from django.conf import settings
from django.core.files.storage import storages
storage = storages["default"]
print(settings.MEDIA_ROOT in storage.base_location.parents, end=" ")
try:
    storage.url("a.pdf")
except ValueError as error:
    print(error)
"""
    done = run_code(code, **EMBEDDED)

    assert done.stdout == "False a.pdf is private: a view sends it\n"


def test_static_files_beside_the_cdn_are_found(settings: Settings) -> None:
    settings.CDN_DOMAIN = "cdn.example.com"

    assert probes.cdn().state is State.OFF
