"""A view starts no thread and no process: workers are for that."""

import pytest

from .commands import found, found_here

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
def test_a_view_that_starts_a_thread_or_a_process_is_refused(code: str) -> None:
    assert "TID251" in found(code)


def test_nothing_starts_a_thread_or_a_process() -> None:
    assert not found_here("TID251")
