"""The bake's own documents: what they name is there."""

import json
import re
from pathlib import Path

from tests.conftest import Bake
from tests.support import run

LOCATE = """
import inspect, json, pydoc, sys
import django

django.setup()
files = {}
for name in sys.argv[1:]:
    thing = pydoc.locate(name)
    files[name] = thing and inspect.getsourcefile(inspect.unwrap(thing))
print(json.dumps({"files": files, "version": django.VERSION[:2]}))
"""


def test_internals_link_to_the_source_of_what_they_name(install: Bake) -> None:
    project = install()
    page = project / "docs/internals.md"
    links = re.findall(r"\[`([\w.]+)`\]\(([^)]+)\)", page.read_text())
    names = sorted({name for name, _ in links})
    words = (".venv/bin/python", "-c", LOCATE, *names)
    env = {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
    found = json.loads(run(*words, cwd=project, env=env))

    release = "{}.{}".format(*found["version"])
    django = f"https://github.com/django/django/blob/stable/{release}.x/"
    for name, link in links:
        assert found["files"][name], f"{name} is gone"
        file = Path(found["files"][name]).resolve()
        if name.startswith("django."):
            [(_, path)] = re.findall(r"(.*site-packages/)(.*)", str(file))
            assert link == f"{django}{path}", name
        else:
            assert (page.parent / link).resolve() == file, name


def test_internals_name_every_test_of_an_internal(bake: Bake) -> None:
    project = bake()
    tests = project / "plinth/plinth_tests/docs/test_internals.py"
    written = re.findall(r"^def (test_\w+)", tests.read_text(), re.MULTILINE)
    page = (project / "docs/internals.md").read_text()

    assert sorted(re.findall(r"`(test_\w+)`", page)) == sorted(written)
