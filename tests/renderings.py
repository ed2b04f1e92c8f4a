"""Each file of the template, under every combination of the answers that it mentions.

All answers together make tens of thousands of projects. But a file can differ only where
it mentions an answer, so rendering each file under the combinations of its own few
answers covers every file of every project.
"""

import ast
import itertools
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from unittest.mock import patch

import yaml
from cookiecutter.generate import generate_context, is_binary, is_copy_only_path
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context
from jinja2 import Environment, FileSystemLoader

from tests.support import PROJECT

type Answers = dict[str, object]

# Text can be anything: the defaults, the longest, and what is hard to quote and encode.
TEXTS: list[Answers] = [
    {},
    {
        "project_name": "Wanderlust" * 8,
        "project_slug": "s" * 40,
        "description": "Everything one could ever want to know about it " * 4 + "all",
        "author_name": "The Very Honourable Society of Careful Template Engineers",
        "author_email": f"{'postmaster' * 5}@{'letters.' * 5}example.com",
        "domain_name": "letters." * 10 + "example.com",
    },
    {
        "project_name": "Людмила's Café 🌍",
        "description": "50% off: tea & cake, it's the #1 of 東京 🍰",
        "author_name": "Zoë O'Hara & Søn",
        "author_email": "zoe.o-hara+site@example.co.uk",
        "domain_name": "xn--caf-dma.example.co.uk",
    },
]


@dataclass(frozen=True)
class Rendering:
    """What a file becomes under some answers; the others make no difference to it."""

    path: str
    answers: Answers
    text: str
    kept: bool


class Template:
    """The template in a folder, rendered file by file with cookiecutter's own parts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = root / PROJECT
        self.config = json.loads((root / "cookiecutter.json").read_text())
        self.choices = choices(self.config)
        self.keep = keep_conditions(root / "hooks" / "post_gen_project.py")
        self.environment = create_env_with_context({"cookiecutter": self.config})
        self.environment.loader = FileSystemLoader([self.project, root / "templates"])
        files: dict[bool, list[str]] = {True: [], False: []}
        for path in sorted(filter(Path.is_file, self.project.rglob("*"))):
            name = path.relative_to(self.project).as_posix()
            files[is_binary(str(path)) or path.suffix == ".mo"].append(name)
        self.files, self.binaries = files[False], files[True]

    def is_raw(self, path: str) -> bool:
        """Whether it is copied as it is, by its own name or with a folder above."""
        context = {"cookiecutter": self.config}
        places = (path, *(str(folder) for folder in PurePosixPath(path).parents))
        return any(is_copy_only_path(place, context) for place in places)

    def source(self, path: str) -> str:
        return (self.project / path).read_text()

    def conditions(self, path: str) -> list[str]:
        """All that must hold for a file to stay: of itself, and of the folders above."""
        return [
            condition
            for kept, condition in self.keep.items()
            if path == kept or path.startswith(f"{kept}/")
        ]

    def keeps(self, path: str, answers: Answers) -> bool:
        names = {"answers": context(self.root, frozenset(answers.items()))}
        # Our own hook's expressions, which a bake runs too.
        return all(eval(condition, names) for condition in self.conditions(path))

    def render(self, path: str, answers: Answers) -> str:
        if self.is_raw(path):
            return self.source(path)
        # A name of the context, as in cookiecutter itself.
        cookiecutter = context(self.root, frozenset(answers.items()))
        return self.environment.get_template(path).render(cookiecutter=cookiecutter)

    def mentioned(self, path: str) -> set[str]:
        """The questions whose answers decide what a file becomes, and if it stays."""
        text = "" if self.is_raw(path) else self.source(path)
        if re.search(r"\{% (include|import|from|extends) ", text):
            included = sorted((self.root / "templates").rglob("*.*"))
            text += "".join(file.read_text() for file in included)
        return self.questions_in(text + " ".join(self.conditions(path)))

    def questions_in(self, text: str) -> set[str]:
        """The questions that a text names, and those that its computed answers name."""
        names = set(re.findall(r"(?:cookiecutter\.|answers\[')(\w+)", text))
        computed = {name for name in names if name.startswith("__")}
        return (names - computed).union(
            *(self.questions_in(str(self.config[name])) for name in computed)
        )

    def combinations(self, questions: AbstractSet[str]) -> Iterator[Answers]:
        chosen = [name for name in self.choices if name in questions]
        texts = TEXTS if questions - self.choices.keys() else TEXTS[:1]
        for values in itertools.product(*(self.choices[name] for name in chosen)):
            for text in texts:
                yield text | dict(zip(chosen, values, strict=True))

    def renderings(self) -> Iterator[Rendering]:
        """Every file under every combination of its answers.

        That includes those under which it is taken away: it is rendered before that.
        """
        for path in self.files:
            for answers in self.combinations(self.mentioned(path)):
                text = self.render(path, answers)
                yield Rendering(path, answers, text, self.keeps(path, answers))


# Cookiecutter compiles the same few defaults of cookiecutter.json for all answers.
compiled = cache(create_env_with_context({"cookiecutter": {}}).compile)


@cache
def context(template: Path, answers: frozenset[tuple[str, object]]) -> Answers:
    """All answers, the computed ones too, when these are given and the rest is left."""
    given = generate_context(
        str(template / "cookiecutter.json"), extra_context=dict(answers)
    )
    with patch.object(Environment, "compile", lambda _, source: compiled(source)):
        return given["cookiecutter"] | prompt_for_config(given, no_input=True)


def choices(config: Answers) -> dict[str, list[object]]:
    """The questions that have a known set of answers, with that set."""
    return {
        name: [True, False] if isinstance(default, bool) else default
        for name, default in config.items()
        if not name.startswith("_") and isinstance(default, bool | list)
    }


def covering(columns: Mapping[str, Sequence[object]], together: int) -> list[Answers]:
    """Few rows, in which any values of so many columns occur together.

    Greedy: a row starts from a combination that no row has yet, and each column after
    that takes the value that brings most others.
    """
    missing = {
        tuple(zip(names, values, strict=True)): None  # a set that keeps its order
        for names in itertools.combinations(columns, together)
        for values in itertools.product(*(columns[name] for name in names))
    }

    def combinations(row: Answers) -> Iterator[tuple[tuple[str, object], ...]]:
        cells = [(name, row[name]) for name in columns if name in row]
        return itertools.combinations(cells, together)

    def fresh(row: Answers) -> int:
        return sum(combination in missing for combination in combinations(row))

    rows = []
    while missing:
        row = dict(next(iter(missing)))
        for name, values in columns.items():
            if name not in row:
                row[name] = max(values, key=lambda value: fresh(row | {name: value}))
        for combination in combinations(row):
            missing.pop(combination, None)
        rows.append({name: row[name] for name in columns})
    return rows


def keep_conditions(hook: Path) -> dict[str, str]:
    """The hook's KEEP table, each condition as the expression over `answers` it is."""
    for node in ast.parse(hook.read_text()).body:
        match node:
            case ast.Assign([ast.Name("KEEP")], ast.Dict(keys, values)):
                paths = [ast.literal_eval(key) for key in keys if key]
                return dict(zip(paths, map(ast.unparse, values), strict=True))
    raise LookupError(f"{hook} has no KEEP table")


def parse_yaml(text: str) -> None:
    """Raise when a text is not YAML, or a mapping in it has a key twice."""

    def check(node: yaml.Node) -> None:
        children = node.value if isinstance(node.value, list) else []
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in children]
            if repeated := {key for key in keys if keys.count(key) > 1}:
                raise ValueError(f"{repeated} more than once at{node.start_mark}")
            children = [value for _, value in children]
        for child in children:
            check(child)

    for document in yaml.compose_all(text, yaml.SafeLoader):
        check(document)


PARSERS: dict[str, Callable[[str], object]] = {
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
}


def faults(path: str, text: str) -> list[str]:
    """What is wrong with a rendered or copied file, but for what ruff finds."""
    found = []
    suffix = Path(path).suffix
    if re.search(r"cookiecutter|# \{[%#]", text):
        found.append("a tag is left")
    if re.search(r"[ \t\r]$", text, re.MULTILINE):
        found.append("white space at the end of a line")
    if text.startswith("\n"):
        found.append("a blank line at the start")
    if text and not re.search(r"[^\n]\n\Z", text):
        found.append("not one line break at the end")
    if (
        suffix not in {".py", ".py-tpl"} and "\n\n\n" in text
    ):  # in Python, ruff counts them
        found.append("two blank lines together")
    try:
        PARSERS.get(suffix, str)(text)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        found.append(f"not {suffix[1:]}: {error}")
    return found
