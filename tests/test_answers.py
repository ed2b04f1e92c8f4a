"""Answers: what can't work is refused, and nothing is left; what looks odd works."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException
from pytest_cookies.plugin import Cookies

from tests.conftest import Bake
from tests.support import LEANEST, REPOSITORY, clean_environment, refusal, run


class ComposeLoader(yaml.SafeLoader):
    """YAML with the tags of Docker Compose, `!override` and `!reset`."""


ComposeLoader.add_multi_constructor("!", lambda loader, tag, node: tag)

TEXTS = ["project_name", "description", "author_name"]
BAD_TEXTS = [
    "",
    "   ",
    " blank before",
    "blank after ",
    'double "quote"',
    "back\\slash",
    "line\nbreak",
    "line\u2028separator",
    "tab\tstop",
    "control\x1b[31m",
    "right to left \u202eevil",
    "invisible\u200bspace",
    "half a letter \udcff",
    "{{ '{{' }} 1 + 1 }}",  # Jinja renders it to {{ 1 + 1 }}, which people may type
    "{% raw",
    "{# comment",
    "$HOME",
]
BAD = {
    "project_name": [*BAD_TEXTS, "a" * 81],
    "description": ["", 'double "quote"', "a" * 201],
    "author_name": ["", 'double "quote"', "a" * 81],
    "project_slug": [
        "",
        "My_Site",
        "my site",
        "my__site",
        "_site",
        "site-",
        "my.site",
        "site\n",
        "café",
        "🚀",
        ".",
        "..",
        "../site",
        "sites/site",
        "/tmp/site",
        "a" * 41,
        "a" * 300,
    ],
    "author_email": [
        "",
        "you",
        "@example.com",
        "you@localhost",
        "you@@example.com",
        "you there@example.com",
        "you@example.com\n",
        "y\u00f6u@example.com",
        "a" * 250 + "@example.com",
    ],
    "domain_name": [
        "",
        "localhost",
        "https://example.com",
        "example.com:8000",
        "example.com/",
        "Example.com",
        "example..com",
        "-example.com",
        "example.com\n",
        "пример.рф",
        "127.0.0.1",
        "a." * 130 + "com",
    ],
}


@pytest.mark.parametrize(
    ("question", "answer"),
    [(question, answer) for question, answers in BAD.items() for answer in answers],
)
def test_invalid_answer_is_refused_in_one_line(
    question: str,
    answer: str,
    cookies: Cookies,
    template: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    result = cookies.bake({question: answer}, template=str(template))
    assert isinstance(result.exception, FailedHookException)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"{question} can't be ")
    assert list((tmp_path / "cookies/bake00").iterdir()) == []


# The real commands

COOKIECUTTER = (sys.executable, "-m", "cookiecutter", "--output-dir", "new")


@pytest.mark.parametrize(
    "answer", ['project_name=a"b', "project_slug=A", "domain_name=a"]
)
def test_cookiecutter_exits_with_the_refusal(
    answer: str, template: Path, tmp_path: Path
) -> None:
    lines = refusal(*COOKIECUTTER, "--no-input", template, answer, cwd=tmp_path)
    assert len(lines) == 1
    assert list(tmp_path.rglob("*")) == [tmp_path / "new"]


def test_typed_answer_is_not_rendered(template: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COOKIECUTTER, template],
        cwd=tmp_path,
        env=clean_environment(),
        input="{{ 1 + 1 }}\nsite" + "\n" * 20,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("project_name can't be '{{ 1 + 1 }}': ")


@pytest.mark.parametrize("answer", ["media_storage=floppy", "use_celery=maybe"])
def test_make_new_names_an_unknown_choice(answer: str, tmp_path: Path) -> None:
    question, choice = answer.split("=")
    args = f"ARGS=--no-input --output-dir {tmp_path} {answer}"
    (line,) = refusal("make", "new", args, cwd=REPOSITORY)
    assert question in line
    assert choice in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("question", ["celery", "_extensions", "__extras"])
def test_make_new_names_the_questions_for_an_unknown_one(
    question: str, tmp_path: Path
) -> None:
    args = f"ARGS=--no-input --output-dir {tmp_path} {question}=false"
    (line,) = refusal("make", "new", args, cwd=REPOSITORY)
    assert repr(question) in line
    assert {"project_slug", "use_celery", "license"} <= {*re.findall(r"\w+", line)}
    assert list(tmp_path.iterdir()) == []


def ask(tmp_path: Path, *lines: str) -> tuple[str, dict[str, str]]:
    """Type answers to `make new`; return what it says, and the answers it took."""
    done = subprocess.run(
        [sys.executable, "bake.py", "--output-dir", tmp_path],
        cwd=REPOSITORY,
        env=clean_environment() | GIT_NAMES,
        input="\n".join([*lines, *[""] * 20]),
        text=True,
        capture_output=True,
        check=True,
    )
    (project,) = (path.parent for path in tmp_path.glob("*/manage.py"))
    state = json.loads((project / ".cruft.json").read_text())
    return done.stdout, state["context"]["cookiecutter"]


# Of a git whose user has an address that is none.
GIT_NAMES = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "Ada Lovelace",
    "GIT_CONFIG_KEY_1": "user.email",
    "GIT_CONFIG_VALUE_1": "ada@localhost",
}


def test_invalid_answer_is_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    said, answers = ask(
        tmp_path,
        *('My "Site"', "{{ 1 + 1 }}", "Cost $5"),
        *("My Site", "taken", "site"),
        *("", "", "you", "you@example.com"),
    )

    assert said.count("project_name can't be ") == 2
    assert said.count("project_slug can't be ") == 1
    assert said.count(f"{tmp_path}/taken exists: choose another name.") == 1
    assert said.count("author_email can't be ") == 1
    taken = {"project_name": "Cost $5", "project_slug": "site"}
    taken |= {"author_name": "Ada Lovelace", "author_email": "you@example.com"}
    assert answers.items() >= taken.items()


def test_invalid_name_of_git_is_no_default(tmp_path: Path) -> None:
    _, answers = ask(tmp_path)
    assert answers["author_name"] == "Ada Lovelace"
    assert answers["author_email"] == "you@example.com"


def test_dollar_sign_reaches_the_answer(tmp_path: Path) -> None:
    args = (
        f"ARGS=--no-input -o {tmp_path} project_slug=site project_name='Cost $5 $(x)'"
    )
    run("make", "new", args, cwd=REPOSITORY)
    assert "# Cost $5 $(x)\n" in (tmp_path / "site/README.md").read_text()


def test_jinja_in_an_answer_is_refused_in_one_line(tmp_path: Path) -> None:
    args = f"ARGS=--no-input -o {tmp_path} project_name='{{{{ a.b }}}}'"
    (line,) = refusal("make", "new", args, cwd=REPOSITORY)
    assert line.startswith("project_name can't be '{{ a.b }}': ")


def test_bake_leaves_only_the_project(tmp_path: Path) -> None:
    def bake(output: str, slug: str) -> tuple[str | Path, ...]:
        options = ("--no-input", "-o", tmp_path / output, f"project_slug={slug}")
        return (sys.executable, "bake.py", *options)

    def there() -> set[str]:
        return {path.name for path in tmp_path.iterdir()}

    env = {"TMPDIR": str(tmp_path)}
    (line,) = refusal(*bake("some/new", "No"), cwd=REPOSITORY, env=env)
    assert line.startswith("project_slug can't be ")
    assert there() == set()

    run(*bake("new", "site"), cwd=REPOSITORY, env=env)
    refusal(*bake("new", "No"), cwd=REPOSITORY, env=env)
    assert there() == {"new"}
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new/site"]


@pytest.mark.parametrize("slug", ["..", "nowhere/..", "../..", "."])
def test_slug_with_a_path_harms_no_folder(
    slug: str, template: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter").touch()
    for output in ("new", "."):
        command = (*COOKIECUTTER[:-1], output, "--no-input", template)
        (line,) = refusal(*command, f"project_slug={slug}", cwd=home)
        assert line.startswith("project_slug can't be ")
    assert {path.name for path in home.iterdir()} <= {"letter", "new"}
    assert (home / "letter").exists()


@pytest.mark.parametrize(
    "options", [(), ("--overwrite-if-exists", "project_name=a\\b")]
)
def test_existing_folder_is_unchanged(
    options: tuple[str, ...], template: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new/site"
    folder.mkdir(parents=True)
    (folder / "letter").touch()
    command = (*COOKIECUTTER, "--no-input", *options[:1], template, "project_slug=site")
    refusal(*command, *options[1:], cwd=tmp_path)
    assert list(folder.iterdir()) == [folder / "letter"]


# Odd, and right

ODD_TEXTS = [
    "東京 Café Ωmega",
    "🚀",
    "👨‍👩‍👧 family",
    "می‌خواهم",
    "O'Neil's `whoami` $HOME #1",
    "100% & <b>bold</b> </script>",
    "# }} {not} a %} tag #}",
    "true",
    "1",
    "-",
    "a" * 80,
]

PRINT_TEXTS = """
import json
from config.settings import base
print(json.dumps([base.SITE_NAME, base.SITE_DESCRIPTION]))
"""


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_unusual_text_is_written_as_typed(
    text: str, bake: Bake, install: Bake, tmp_path: Path
) -> None:
    project = bake(**dict.fromkeys(TEXTS, text), license="MIT")
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())
    assert pyproject["project"]["description"] == text
    assert f"# {text}\n" in (project / "README.md").read_text()
    assert f"Copyright (c) {text}\n" in (project / "LICENSE").read_text()
    for path in project.rglob("*.y*ml"):
        list(yaml.load_all(path.read_text(), ComposeLoader))

    # The settings' default, and the example of a variable once it is switched on.
    example = (project / ".env.example").read_text()
    (tmp_path / "empty").touch()
    (tmp_path / "example").write_text(example.replace("# SITE_", "SITE_"))
    python = install(**LEANEST) / ".venv/bin/python"
    for name in ("empty", "example"):
        env = {
            "ENV_FILE": str(tmp_path / name),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
        }
        printed = run(python, "-B", "-c", PRINT_TEXTS, cwd=project, env=env)
        assert json.loads(printed) == [text, text]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Site", "my_site"),
        ("東京", "dong_jing"),
        ("🚀", "site"),
        ("O'Neil & Sons", "o_neil_sons"),
        ("a" * 80, "a" * 40),
        ("an " * 26 + "an", "an_an_an_an_an_an_an_an_an_an_an_an_an"),
    ],
)
def test_folder_is_named_after_the_site(name: str, slug: str, bake: Bake) -> None:
    assert bake(project_name=name).name == slug


@pytest.mark.parametrize(
    "slug", ["django", "json", "test", "class", "config", "apps", "1"]
)
def test_slug_may_be_the_name_of_a_module(slug: str, bake: Bake, install: Bake) -> None:
    project = bake(**LEANEST, project_slug=slug)
    python = install(**LEANEST) / ".venv/bin/python"
    env = {"ENV_FILE": "/dev/null"}
    run(python, "-B", f"{slug}/manage.py", "check", cwd=project.parent, env=env)
    # From the folder above, Python finds the module, not the project's folder.
    run(python, "-B", "-m", "django", "--version", cwd=project.parent)
