import re

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.parametrize("name", ["core:home", "accounts:sign-in"])
def test_a_page_says_what_browsers_may_do_with_it(client: Client, name: str) -> None:
    headers = client.get(reverse(name)).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_page_needs_an_exception_from_the_policy(client: Client) -> None:
    page = client.get(reverse("core:home")).text

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src|nonce)=)", page)
