"""Every combination of the answers gives clean files and a project that is whole."""

import itertools
import json
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.references import References
from tests.renderings import (
    TEXTS,
    Answers,
    Rendering,
    Template,
    choices,
    covering,
    faults,
)
from tests.support import REPOSITORY, run

CHOICES = choices(json.loads((REPOSITORY / "cookiecutter.json").read_text()))

# Any three answers meet in one of these projects; a text stands for its place in TEXTS.
COLUMNS = {"text": list(range(len(TEXTS))), **CHOICES}
PROJECTS = covering(COLUMNS, together=3)


@pytest.fixture(
    scope="module", params=PROJECTS, ids=lambda row: "-".join(map(str, row.values()))
)
def answers(request: pytest.FixtureRequest) -> Answers:
    row = dict(request.param)
    return TEXTS[row.pop("text")] | row


def test_every_rendering_is_clean(
    source: Template, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    started = time.perf_counter()
    renderings = list(source.renderings())
    # In reverse, so that the plainest answers that give a result are those that stay.
    kept = [rendering for rendering in reversed(renderings) if rendering.kept]
    results = {(result.path, result.text): result for result in kept}.values()

    found = {
        f"{result.path}: {fault}": f"as with {result.answers}"
        for result in results
        for fault in faults(result.path, result.text)
    }
    assert not found, "\n".join(map(" ".join, found.items()))

    write_for_ruff(source, results, tmp_path)
    ruff = (sys.executable, "-m", "ruff")
    run(*ruff, "check", "--output-format=concise", cwd=tmp_path)
    run(*ruff, "format", "--check", cwd=tmp_path)

    seconds = time.perf_counter() - started
    record_property(
        "summary",
        f"{len(source.files)} files, {len(renderings)} renderings, "
        f"{len(results)} distinct results, all clean: {seconds:.1f} s",
    )


def write_for_ruff(
    source: Template, results: Iterable[Rendering], folder: Path
) -> None:
    """Write the Python files so that one run of ruff sees each as its project would.

    The results of one file lie in folders of their own, each below the settings that
    its answers give, since rules depend on the path.
    """
    packages = [path for path in source.files if path.endswith("__init__.py")]
    numbers: Counter[tuple[str, str]] = Counter()
    for result in results:
        if not result.path.endswith(".py"):
            continue
        pyproject = source.render("pyproject.toml", result.answers)
        settings = json.dumps(tomllib.loads(pyproject)["tool"]["ruff"])
        number = numbers[settings, result.path]
        numbers[settings, result.path] += 1
        project = folder / sha256(settings.encode()).hexdigest()[:8] / str(number)
        for path in (*packages, result.path):
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).touch()
        (project / "pyproject.toml").write_text(pyproject)
        (project / result.path).write_text(result.text)


def test_a_bake_writes_what_was_checked(
    source: Template, bake: Bake, answers: Answers
) -> None:
    """The renderings are cookiecutter's own, and KEEP is read as its hook reads it."""
    project = bake(**answers)

    baked = {
        path.relative_to(project).as_posix(): path
        for path in project.rglob("*")
        if path.is_file()
    }
    expected = {path for path in source.files if source.keeps(path, answers)}
    assert {path for path in baked if path in source.files} == expected
    for path in expected:
        assert baked[path].read_text() == source.render(path, answers), path


def test_a_project_is_whole(source: Template, bake: Bake, answers: Answers) -> None:
    project = bake(**answers)

    empty = empty_folders(project)
    assert not empty
    dangling = References(project, source.files).dangling()
    assert not dangling


def empty_folders(project: Path) -> list[Path]:
    """Folders without a file in or below them that says anything."""
    return [
        folder
        for folder in project.rglob("*")
        if folder.is_dir()
        and not any(
            file.is_file() and file.stat().st_size for file in folder.rglob("*")
        )
    ]


def test_any_three_answers_meet_in_a_project() -> None:
    for three in itertools.combinations(COLUMNS, 3):
        met = {tuple(project[name] for name in three) for project in PROJECTS}
        assert met == set(itertools.product(*(COLUMNS[name] for name in three)))


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("a.md", "Made by cookiecutter\n", "a tag is left"),
        ("a.html", "{{ cookiecutter.project_name }}\n", "a tag is left"),
        ("Makefile", "# {% endif %}\n", "a tag is left"),
        ("Makefile", "all: \n", "white space at the end of a line"),
        (".env.example", "\nA=1\n", "a blank line at the start"),
        ("Dockerfile", "FROM scratch\n\n", "not one line break at the end"),
        ("Dockerfile", "FROM scratch", "not one line break at the end"),
        ("a.md", "One\n\n\nTwo\n", "two blank lines together"),
        ("a.py", "def f(:\n", "not py: "),
        ("a.toml", "a = 1\na = 2\n", "not toml: "),
        ("a.json", "{,}\n", "not json: "),
        ("a.yml", "a: [\n", "not yml: "),
        ("a.yml", "a: {b: [{c: 1, c: 2}]}\n", "not yml: {'c'} more than once"),
    ],
)
def test_a_bad_file_is_reported(path: str, text: str, fault: str) -> None:
    found = faults(path, text)
    assert len(found) == 1
    assert found[0].startswith(fault)


# A project whose references all resolve, and what its template has but it did not keep.
WHOLE = {
    "Makefile": "include plinth/uv.mk\nrun:\n\tgunicorn apps.pages.views ./docs/how.md\n",
    "README.md": "[How](docs/how.md#why) it is, in `apps/pages/urls.py`, [by](https://a.b)\n",
    "plinth/uv.mk": "UV := uv\n",
    "docs/how.md": "![Colours](../static/site.css)\n",
    "apps/core/__init__.py": "VIEWS = 'apps.pages.views.HomeView'\n",
    "apps/pages/urls.py": "app_name = 'core'\nhome = path('', HomeView, name='home')\n",
    "apps/pages/views.py": """from . import urls
from ..core.urls import home

class HomeView:
    template_name = "core/home.html"
    success_url = reverse("core:home")
    icon = static("site.css")
""",
    "static/site.css": "a { background: url(site.css) }\n",
    "templates/pages/home.html": """{% extends "core/home.html" %}
{% include "admin/filter.html" %}{% url 'core:home' %}{% static "site.css" %}
""",
}
LEFT_OUT = [
    "compose.yml",
    "plinth/src/plinth/tasks/sessions.py",
    "deploy/nginx.conf",
    "static/old.svg",
]


@pytest.mark.parametrize(
    ("path", "text", "reference"),
    [
        ("apps/a.py", "import plinth.tasks.sessions\n", "module plinth.tasks.sessions"),
        ("apps/a.py", "from plinth import tasks\n", "module plinth.tasks.sessions"),
        (
            "apps/a.py",
            "from .core.tasks import work\n",
            "module plinth.tasks.sessions.work",
        ),
        ("apps/a.py", "from .core.urls import away\n", "module apps.pages.urls.away"),
        (
            "apps/a.py",
            "PROBE = 'plinth.tasks.sessions.work'\n",
            "module plinth.tasks.sessions.work",
        ),
        ("apps/a.py", "# deploy/nginx.conf waits\n", "path deploy/nginx.conf"),
        ("apps/a.py", "LOGIN_URL = 'core:away'\n", "url core:away"),
        ("apps/a.py", "a = reverse('core:away')\n", "url core:away"),
        ("apps/a.py", "a = static('old.svg')\n", "static old.svg"),
        ("apps/a.py", "a = f(template_name='a.html')\n", "template a.html"),
        ("templates/a.html", "{% extends 'a.txt' %}\n", "extends a.txt"),
        ("templates/a.html", "{% include 'a.txt' with b=c %}\n", "include a.txt"),
        ("templates/a.txt", "{% url 'core:away' as a %}\n", "url core:away"),
        ("templates/a.txt", "{% static 'old.svg' %}\n", "static old.svg"),
        ("static/a.css", "a { background: url('old.svg') }\n", "link old.svg"),
        ("docs/a.md", "[Old](../static/old.svg#a)\n", "link ../static/old.svg"),
        ("docs/a.md", "See `static/old.svg`.\n", "path static/old.svg"),
        ("Makefile", "up:\n\tdocker compose -f compose.yml up\n", "path compose.yml"),
        (
            "Dockerfile",
            "COPY plinth/src/plinth/tasks/sessions.py .\n",
            "path plinth/src/plinth/tasks/sessions.py",
        ),
        (
            "Dockerfile",
            "CMD celery -A plinth.tasks.sessions\n",
            "module plinth.tasks.sessions",
        ),
        (
            "docs/a.md",
            "It is in plinth.tasks.sessions.\n",
            "module plinth.tasks.sessions",
        ),
        ("a.yml", "- ./deploy/nginx.conf:/etc/nginx.conf\n", "path deploy/nginx.conf"),
    ],
)
def test_a_dangling_reference_is_reported(
    tmp_path: Path, path: str, text: str, reference: str
) -> None:
    write(tmp_path, WHOLE)
    assert not References(tmp_path, [*WHOLE, *LEFT_OUT]).dangling()

    write(tmp_path, {path: text})
    assert (
        f"{path}: {reference}" in References(tmp_path, [*WHOLE, *LEFT_OUT]).dangling()
    )


def test_a_folder_that_holds_nothing_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {"apps/pages/views.py": "a = 1\n", "apps/shop/__init__.py": ""})
    (tmp_path / "docs").mkdir()

    assert set(empty_folders(tmp_path)) == {tmp_path / "apps/shop", tmp_path / "docs"}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
