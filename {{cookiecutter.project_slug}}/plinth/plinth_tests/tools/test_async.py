"""Ruff finds what blocks the event loop of an async view."""

import pytest

from .commands import found

pytestmark = pytest.mark.practice(59)

VIEW = """
import asyncio
import pathlib
import subprocess
import time
import urllib.request

import requests
from django.views.generic import View


class WaitView(View):
    {define} get(self, request):
        return {call}
"""


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        ("ASYNC210", "requests.get('https://example.com', timeout=1)"),
        ("ASYNC210", "urllib.request.urlopen('https://example.com')"),
        ("ASYNC221", "subprocess.run(['ls'], check=True)"),
        ("ASYNC230", "open('file')"),
        ("ASYNC240", "pathlib.Path('file').exists()"),
        ("ASYNC251", "time.sleep(1)"),
    ],
)
def test_blocking_call_in_an_async_view_is_an_error(rule: str, call: str) -> None:
    assert rule in found(VIEW.format(define="async def", call=call))
    assert rule not in found(VIEW.format(define="def", call=call))


def test_waiting_call_in_an_async_view_is_none() -> None:
    code = VIEW.format(define="async def", call="await asyncio.sleep(1)")

    assert not {rule for rule in found(code) if rule.startswith("ASYNC")}
