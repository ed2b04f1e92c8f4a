"""The template as it stands: its tags, its tables, and that it is a Django project."""

import re
import shutil
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from filelock import FileLock

from tests.renderings import Template
from tests.support import PROJECT, REPOSITORY, run

# A tag inside a line would join lines, and `#{%` would be left as text.
TAG = r"[ \t]*# \{([%#]) \S(.*\S)? \1\}"
VALUE = r"\{\{ cookiecutter\.\w+ \}\}"


def rendered(source: Template) -> dict[str, str]:
    """The texts that Jinja reads, with those that are included."""
    texts = {path: source.source(path) for path in source.files}
    for path in (source.root / "templates").rglob("*.*"):
        texts[str(path.relative_to(source.root))] = path.read_text()
    return {path: text for path, text in texts.items() if not source.is_raw(path)}


def stray_tags(text: str) -> list[str]:
    """Lines with what looks like a tag of ours, but isn't one as it must be."""
    text = re.sub(r"(?ms)^# \{% raw %\}\n.*?^# \{% endraw %\}\n", "", text)
    return [
        line
        for line in text.splitlines()
        if (re.search(r"#\s*\{[%#]", line) and not re.fullmatch(TAG, line))
        or "{{" in re.sub(VALUE, "", line)
    ]


def test_tags_stand_alone_on_their_lines(source: Template) -> None:
    stray = {path: stray_tags(text) for path, text in rendered(source).items()}
    assert not {path: lines for path, lines in stray.items() if lines}


@pytest.mark.parametrize(
    "line",
    [
        "# {% if cookiecutter.use_celery %} # why",
        "CELERY = 1  # {% if cookiecutter.use_celery %}",
        "#{% if cookiecutter.use_celery %}",
        "# {%if cookiecutter.use_celery %}",
        "# {%- endif %}",
        "# {% endif %} ",
        "# {# why #} and more",
        "name = {{cookiecutter.project_name}}",
        "{{ name }}",
    ],
)
def test_stray_tag_is_reported(line: str) -> None:
    good = "    # {% if cookiecutter.use_celery %}\n# {# why #}\n{{ cookiecutter.a }}\n"
    assert stray_tags(good + line) == [line]


def test_files_name_existing_answers_only(source: Template) -> None:
    for path, text in rendered(source).items():
        answers = re.findall(r"cookiecutter\.(\w+)", text)
        assert text.count("cookiecutter") == len(answers), path
        assert source.config.keys() >= set(answers), path


def test_copied_files_name_no_answer(source: Template) -> None:
    for path in filter(source.is_raw, source.files):
        assert "cookiecutter" not in source.source(path), path


def test_only_images_and_fonts_are_binary(source: Template) -> None:
    """Cookiecutter guesses, and copies what it takes for binary as it is."""
    files = {path for path in source.project.rglob("*") if path.is_file()}
    binary = files - {source.project / path for path in source.files}
    assert {path.suffix for path in binary} <= {
        ".ico",
        ".mo",
        ".png",
        ".webp",
        ".woff2",
    }


def test_every_pattern_of_copied_files_is_needed(source: Template) -> None:
    patterns = source.config["_copy_without_render"]
    folders = {str(folder) for path in source.files for folder in Path(path).parents}
    copied = tuple(f"{pattern}/" for pattern in patterns if pattern in folders)
    files = [path for path in source.files if not path.startswith(copied)]
    for pattern in patterns:
        assert pattern in folders or any(fnmatch(path, pattern) for path in files)


def test_every_path_of_the_keep_table_exists(source: Template) -> None:
    for path in source.keep:
        assert (source.project / path).exists(), path


def test_every_question_and_choice_has_a_prompt(source: Template) -> None:
    prompts = source.config["__prompts__"]
    questions = {name for name in source.config if not name.startswith("_")}
    assert prompts.keys() == questions
    for question in questions:
        choices = source.config[question]
        if isinstance(choices, list):
            assert prompts[question].keys() == {"__prompt__", *choices}, question


def test_there_are_at_most_fifteen_questions(source: Template) -> None:
    assert len([name for name in source.config if not name.startswith("_")]) <= 15


@pytest.fixture(scope="session")
def unbaked(template: Path, shared: Path) -> Path:
    """The project's folder as the template has it, with every extra installed.

    No baked project has them all. uv takes no tags: only pyproject.toml's are rendered.
    """
    folder = shared / "unbaked" / PROJECT
    with FileLock(shared / "unbaked.lock"):
        if not (folder / ".venv" / "lint").exists():
            shutil.copytree(template / PROJECT, folder, dirs_exist_ok=True)
            # A comment to Python, a tag is a heading to Markdown.
            for document in folder.rglob("*.md"):
                text = document.read_text()
                document.write_text(re.sub(rf"(?m)^{TAG}\n", "", text))
            foundation = tomllib.loads((folder / "plinth/pyproject.toml").read_text())
            extras = ",".join(foundation["project"]["optional-dependencies"])
            pyproject = (folder / "pyproject.toml").read_text()
            pyproject = re.sub(
                r"\[?\{\{ cookiecutter\.__\w*extras \}\}\]?", "", pyproject
            )
            pyproject = pyproject.replace(
                '"django-plinth"', f'"django-plinth[{extras}]"'
            )
            pyproject = pyproject.replace("{{ cookiecutter.project_slug }}", "unbaked")
            (folder / "pyproject.toml").write_text(pyproject)
            if (REPOSITORY / ".uv").exists():
                (folder / ".uv").symlink_to(REPOSITORY / ".uv")
            run("make", ".venv/lint", cwd=folder)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "python manage.py check --settings=config.settings.local",
        "python manage.py check --settings=config.settings.test",
        "python -m pytest --numprocesses=2",
    ],
)
def test_unbaked_template_is_a_valid_project(unbaked: Path, command: str) -> None:
    tool, *arguments = command.split()
    run(unbaked / ".venv" / "bin" / tool, *arguments, cwd=unbaked)
