"""requirements.txt is an export of uv.lock, which `make requirements` writes."""

import shutil
import tomllib
from pathlib import Path

import pytest

from .commands import ROOT, configured, run

pytestmark = pytest.mark.practice(38)


# The template of this project has no lock: it is written where a project is installed.
@pytest.mark.skipif(not (ROOT / "uv.lock").exists(), reason="no uv.lock")
def test_stale_requirements_are_exported_again(tmp_path: Path) -> None:
    configured(tmp_path)
    # Newer than the lock, as after a checkout: make must not compare times.
    (tmp_path / "requirements.txt").write_text("django==1.0\n")
    make = shutil.which("make")
    assert make

    done = run(make, "--silent", "requirements", cwd=tmp_path)

    assert done.returncode == 0, done.stdout
    exported = (tmp_path / "requirements.txt").read_text()
    assert exported == (ROOT / "requirements.txt").read_text()
    assert "./plinth" in exported
    assert "pytest" not in exported


@pytest.mark.skipif(not (ROOT / "uv.lock").exists(), reason="no uv.lock")
def test_foundation_is_installed_from_its_folder_and_not_from_an_index() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    [plinth] = [each for each in lock["package"] if each["name"] == "django-plinth"]
    exported = (ROOT / "requirements.txt").read_text()

    assert plinth["source"] == {"editable": "plinth"}
    assert "-e ./plinth\n" in exported
    assert "django-plinth==" not in exported
