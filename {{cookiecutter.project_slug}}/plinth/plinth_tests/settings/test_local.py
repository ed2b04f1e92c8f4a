"""Local settings: the developer's tools."""

import re
from pathlib import Path

import pytest

from plinth_tests.processes import EMBEDDED, evaluate, python

pytestmark = pytest.mark.practice(29)

PAGE = """
import config.wsgi
from config import urls
from django.conf import settings
from django.test import Client
from plinth_tests import site
site.use(settings)
site.urlpatterns += urls.urlpatterns
client = Client(headers={"host": "localhost"}, REMOTE_ADDR="127.0.0.1")
page = client.get("/plain/")
result = [page.text, page.headers["Content-Security-Policy"]]
"""


def test_debug_toolbar_works_within_the_policy() -> None:
    page, policy = evaluate(PAGE, environment="local", DATABASE_URL="sqlite://")

    assert 'id="djDebug"' in page
    # Its files are the site's own, which the policy allows, and it has no inline code.
    files = re.findall(
        r'<(?:script|link)[^>]*(?:src|href)="([^"]*debug_toolbar[^"]*)"', page
    )
    assert {Path(file).suffix for file in files} == {".css", ".js"}
    assert all(file.startswith("/static/") for file in files)
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)", page)
    assert "'self'" in policy
    assert "unsafe" not in policy


def test_production_imports_no_developer_tool() -> None:
    code = """
import sys
import config.wsgi
from django.conf import settings
from django.test import Client
from plinth_tests import site
site.use(settings)
print(Client(headers={"host": "example.com"}).get("/plain/", secure=True).status_code)
tools = ["plinth.mail.inbox", "debug_toolbar", "django_browser_reload", "django_extensions"]
tools += ["plinth.profiling", "pyinstrument", "silk", "zeal"]
print([name for name in tools if name in sys.modules])
"""
    done = python("-c", code, **EMBEDDED)

    assert done.stdout.splitlines() == ["200", "[]"], done.stderr
