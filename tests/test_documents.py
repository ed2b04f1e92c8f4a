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


def test_diagram_of_a_request_has_the_middleware_of_a_new_project(
    install: Bake,
) -> None:
    project = install(rest_api="drf")
    show = "import json; from django.conf import settings; print(json.dumps(settings.MIDDLEWARE))"
    env = {"DJANGO_SETTINGS_MODULE": "config.settings.base", "SECRET_KEY": "x"}
    words = (".venv/bin/python", "-c", show)
    middleware = json.loads(run(*words, cwd=project, env=env))

    page = (project / "docs/requests.md").read_text()
    shown = re.findall(r"^ {4}(\w+Middleware)\b", page, re.MULTILINE)
    assert shown == [path.rpartition(".")[2] for path in middleware]


def test_decisions_are_numbered_and_name_files_that_exist(bake: Bake) -> None:
    project = bake()
    page = (project / "docs/decisions.md").read_text()
    records = re.split(r"^## ", page, flags=re.MULTILINE)[1:]

    assert [r.partition(". ")[0] for r in records] == [
        str(number) for number in range(1, len(records) + 1)
    ]
    for record in records:
        fields = dict(re.findall(r"^- ([\w ]+): (.+(?:\n  .+)*)", record, re.MULTILINE))
        assert list(fields) == ["Philosophy", "Decision", "Why", "Shown by"], record
        places = re.findall(r"`([^`]+)`", fields["Shown by"])
        assert places, record
        assert [p for p in places if not (project / p).exists()] == []
