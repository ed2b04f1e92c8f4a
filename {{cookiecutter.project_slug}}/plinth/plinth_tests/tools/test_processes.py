"""Ruff refuses threads and processes in apps: a Celery worker runs background work."""

import pytest

from .commands import found

pytestmark = pytest.mark.practice(66)


@pytest.mark.parametrize(
    "code",
    [
        "import _thread\n",
        "from concurrent.futures import ThreadPoolExecutor\n",
        "import multiprocessing\n",
        "from multiprocessing.pool import Pool\n",
        "import os\n\nos.fork()\n",
        "import subprocess\n",
        "import threading\n",
        "from threading import Thread\n",
    ],
)
def test_thread_or_process_in_a_view_is_an_error(code: str) -> None:
    assert "TID251" in found(code)
