"""Local settings, in a process of their own: what a developer would really see."""

import json
import re
from pathlib import Path

import pytest

from plinth_tests.processes import EMBEDDED, run_code

pytestmark = pytest.mark.practice(29)

HOME = """
import json, sys
import config.wsgi
from django.test import Client
page = Client(headers={"host": "localhost"}).get("/", REMOTE_ADDR="127.0.0.1")
print(json.dumps([page.text, page.headers["Content-Security-Policy"]]))
"""


def test_the_debug_toolbar_works_within_the_policy() -> None:
    done = run_code(HOME, environment="local", DATABASE_URL="sqlite://")

    page, policy = json.loads(done.stdout)
    assert 'id="djDebug"' in page
    # From this site, so that the policy lets them pass; nothing stands in the page itself.
    files = re.findall(
        r'<(?:script|link)[^>]*(?:src|href)="([^"]*debug_toolbar[^"]*)"', page
    )
    assert {Path(file).suffix for file in files} == {".css", ".js"}
    assert all(file.startswith("/static/") for file in files)
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)", page)
    assert "'self'" in policy
    assert "unsafe" not in policy


def test_production_has_none_of_a_developers_tools() -> None:
    code = """
import sys
import config.wsgi
from django.test import Client
print(Client(headers={"host": "example.com"}).get("/robots.txt", secure=True))
tools = ["plinth.mail.inbox", "debug_toolbar", "django_browser_reload", "django_extensions"]
tools += ["zeal"]
print([name for name in tools if name in sys.modules])
"""
    done = run_code(code, **EMBEDDED)

    response, loaded = done.stdout.splitlines()
    assert "200" in response
    assert loaded == "[]"
