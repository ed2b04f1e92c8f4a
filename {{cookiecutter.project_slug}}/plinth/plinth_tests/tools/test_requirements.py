"""requirements.txt says what uv.lock says, and `make requirements` sees to it."""

import shutil
import sys
from pathlib import Path

import pytest
from django.conf import settings

from .commands import run

pytestmark = pytest.mark.practice(38)

ROOT = settings.BASE_DIR


# The template of this project has no lock: it is made where a project is installed.
@pytest.mark.skipif(not (ROOT / "uv.lock").exists(), reason="no uv.lock here")
def test_a_stale_export_is_written_anew(tmp_path: Path) -> None:
    for name in ("Makefile", "plinth/uv.mk", "pyproject.toml", "uv.lock"):
        shutil.copy2(ROOT / name, tmp_path)
    for name, folder in {".venv": Path(sys.prefix), ".uv": ROOT / ".uv"}.items():
        (tmp_path / name).symlink_to(folder)
    # Newer than the lock, as git leaves it: times say nothing here.
    (tmp_path / "requirements.txt").write_text("django==1.0\n")
    make = shutil.which("make")
    assert make

    done = run(make, "--silent", "requirements", cwd=tmp_path)

    assert done.returncode == 0, done.stdout
    exported = (tmp_path / "requirements.txt").read_text()
    assert exported == (ROOT / "requirements.txt").read_text()
