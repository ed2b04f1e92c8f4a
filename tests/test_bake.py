"""Every combination of the answers gives clean files and a project that is whole."""

import itertools
import json
import re
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

# Any two answers meet in one of these projects; a text stands for its place in TEXTS.
COLUMNS: dict[str, list[object]] = {"text": list(range(len(TEXTS))), **CHOICES}
PROJECTS = covering(COLUMNS, together=2)


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
        (project / "plinth").mkdir(exist_ok=True)
        rules = source.source("plinth/ruff.toml")
        (project / "plinth/ruff.toml").write_text(rules)
        (project / result.path).write_text(result.text)


def test_bake_writes_what_was_checked(
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
    assert not empty_folders(project)


def test_foundation_is_the_templates_byte_for_byte(
    source: Template, bake: Bake, answers: Answers
) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    assert contents(bake(**answers) / "plinth") == contents(source.project / "plinth")


def test_foundation_has_no_tag(source: Template) -> None:
    foundation = [path for path in source.files if path.startswith("plinth/")]
    assert foundation
    for path in foundation:
        assert not re.search(r"cookiecutter\.\w|# \{[%#]", source.source(path)), path
        assert not source.conditions(path), path


def test_every_reference_leads_somewhere(source: Template) -> None:
    """In every project that answers make, and in the foundation of the default one."""

    def is_default(answers: Answers) -> bool:
        return all(answers[name] == CHOICES[name][0] for name in answers)

    dangling: dict[str, Answers] = {}
    code = {name: CHOICES[name] for name in CHOICES if name != "license"}
    for answers in source.combinations(code.keys()):
        texts = {
            path: source.render(path, answers)
            for path in source.files
            if source.keeps(path, answers)
        } | dict.fromkeys(source.binaries, "")
        # The foundation names parts of the site that an answer leaves out.
        but = "no/" if is_default(answers) else "plinth/"
        for reference in References(texts, source.files).dangling(but):
            dangling.setdefault(reference, answers)

    assert not dangling, "\n".join(f"{it}: {dangling[it]}" for it in dangling)


def empty_folders(project: Path) -> list[Path]:
    """Folders without a file in or below them that says anything."""
    return [
        folder
        for folder in project.rglob("*")
        if folder.is_dir()
        and not any(
            file.is_file() and (file.stat().st_size or file.suffix == ".py-tpl")
            for file in folder.rglob("*")
        )
    ]


def test_any_two_answers_meet_in_a_project() -> None:
    for one, other in itertools.combinations(COLUMNS, 2):
        met = {(project[one], project[other]) for project in PROJECTS}
        assert met == set(itertools.product(COLUMNS[one], COLUMNS[other]))


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
def test_malformed_file_is_reported(path: str, text: str, fault: str) -> None:
    found = faults(path, text)
    assert len(found) == 1
    assert found[0].startswith(fault)


# A project whose references all resolve, and what its template has but it did not keep.
WHOLE = {
    "Makefile": "include plinth/uv.mk\nrun:\n\tgunicorn apps.pages.views ./docs/how.md\n",
    "README.md": "[How](docs/how.md#why) it is, in `apps/pages/urls.py`, [by](https://a.b)\n",
    "plinth/uv.mk": "UV := uv\n",
    "plinth/src/plinth/cache/__init__.py": "",
    "plinth/src/plinth/cache/locks.py": "from . import redis\nfrom .redis import pool\n",
    "plinth/src/plinth/cache/redis.py": "pool = {}\n",
    "plinth/plinth_tests/processes.py": "from plinth.cache.redis import pool\n",
    "docs/how.md": "![Colours](../static/site.css)\n",
    "apps/core/__init__.py": "VIEWS = 'apps.pages.views.HomeView'\n"
    "TASK = 'apps.core.tasks.run'  # nothing to enqueue where it is left out\n",
    "apps/core/links.py": "from plinth.cache import locks\nimport plinth_tests.processes\n",
    "apps/pages/urls.py": "app_name = 'pages'\nhome = path('', HomeView, name='home')\n",
    "apps/pages/views.py": """from . import urls
from ..core.links import locks

class HomeView:
    template_name = "pages/home.html"
    success_url = reverse("pages:home")
    icon = static("site.css")
""",
    "static/site.css": "a { background: url(site.css) }\n",
    "templates/pages/home.html": """{% extends "pages/home.html" %}
{% include "admin/filter.html" %}{% url 'pages:home' %}{% static "site.css" %}
""",
}
LEFT_OUT = ["compose.yml", "apps/core/tasks.py", "deploy/nginx.conf", "static/old.svg"]


@pytest.mark.parametrize(
    ("path", "text", "reference"),
    [
        ("apps/a.py", "import apps.core.tasks\n", "module apps.core.tasks"),
        ("apps/a.py", "from apps.core import tasks\n", "module apps.core.tasks"),
        ("apps/a.py", "from .core.tasks import run\n", "module apps.core.tasks.run"),
        ("apps/a.py", "from .pages.urls import no\n", "module apps.pages.urls.no"),
        ("apps/a.py", "import plinth.cache.no\n", "module plinth.cache.no"),
        ("apps/a.py", "import plinth_tests.no\n", "module plinth_tests.no"),
        ("apps/a.py", "VIEW = 'apps.core.no.view'\n", "module apps.core.no.view"),
        ("apps/a.py", "JOB = 'apps.no.tasks.run'\n", "task apps.no.tasks.run"),
        ("apps/a.py", "# deploy/nginx.conf waits\n", "path deploy/nginx.conf"),
        ("apps/a.py", "LOGIN_URL = 'pages:away'\n", "url pages:away"),
        ("apps/a.py", "a = reverse('pages:away')\n", "url pages:away"),
        ("apps/a.py", "a = static('old.svg')\n", "static old.svg"),
        ("apps/a.py", "a = f(template_name='a.html')\n", "template a.html"),
        ("templates/a.html", "{% extends 'a.txt' %}\n", "extends a.txt"),
        ("templates/a.html", "{% include 'a.txt' with b=c %}\n", "include a.txt"),
        ("templates/a.txt", "{% url 'pages:away' as a %}\n", "url pages:away"),
        ("templates/a.txt", "{% static 'old.svg' %}\n", "static old.svg"),
        ("static/a.css", "a { background: url('old.svg') }\n", "link old.svg"),
        ("docs/a.md", "[Old](../static/old.svg#a)\n", "link ../static/old.svg"),
        ("docs/a.md", "See `static/old.svg`.\n", "path static/old.svg"),
        ("Makefile", "up:\n\tdocker compose -f compose.yml up\n", "path compose.yml"),
        ("Dockerfile", "COPY apps/core/tasks.py .\n", "path apps/core/tasks.py"),
        ("Dockerfile", "CMD celery -A apps.core.tasks\n", "module apps.core.tasks"),
        ("docs/a.md", "It is in apps.core.tasks.\n", "module apps.core.tasks"),
        ("a.yml", "- ./deploy/nginx.conf:/etc/nginx.conf\n", "path deploy/nginx.conf"),
        (
            "plinth/src/plinth/cache/__init__.py",
            "from .stampede import lock\n",
            "module plinth.cache.stampede.lock",
        ),
    ],
)
def test_dangling_reference_is_reported(path: str, text: str, reference: str) -> None:
    files = [*WHOLE, *LEFT_OUT]
    assert not References(WHOLE, files).dangling()

    assert f"{path}: {reference}" in References(WHOLE | {path: text}, files).dangling()


def test_empty_folder_is_reported(tmp_path: Path) -> None:
    for folder in ("apps/pages", "apps/shop", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "apps/pages/views.py").write_text("a = 1\n")
    (tmp_path / "apps/shop/__init__.py").touch()

    assert set(empty_folders(tmp_path)) == {tmp_path / "apps/shop", tmp_path / "docs"}
