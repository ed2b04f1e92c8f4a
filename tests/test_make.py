"""Makefiles with what macOS has: GNU make 3.81, a POSIX shell, and the tools of BSD.

No such make is among the tests' services, so this reads the Makefiles.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.support import DEFAULT, PROJECT, REPOSITORY, run

FOUNDATION = REPOSITORY / PROJECT / "plinth"
# Those of a laptop, where deploy/compose and deploy/kubernetes run nothing but Python.
MAKEFILES = [
    REPOSITORY / "Makefile",
    REPOSITORY / PROJECT / "Makefile",
    *sorted(FOUNDATION.glob("*.mk")),
]
# A pattern of what 3.81 does not know, and an example: of GNU make's NEWS, by release.
NEWER = {
    "3.82": [
        (r"\.(RECIPEPREFIX|SHELLFLAGS|ONESHELL)\b", ".ONESHELL:"),
        (r"^\s*undefine\s", "undefine X"),
        (r"(^|:)\s*(override\s+|export\s+)*private\s+\w", "a: private X = 1"),
        (r"^\s*(export\s+override|override\s+export)\s", "export override X = 1"),
        (r"^\s*(override\s+)?define\s+\S+\s*[:+?]?=", "define text ="),
        (r"\s--eval\b", "\t$(MAKE) --eval=X=1"),
    ],
    "4.0": [
        (r"^\s*[\w.-]+\s*!=", "X != date"),
        (r":::?=", "X ::= 1"),
        (r"\$\((file|guile)\s", "$(file >list,$(X))"),
        (r"^-?load\s", "load make.so"),
        (r"--(output-sync|trace)\b", "MAKEFLAGS += --output-sync"),
        (r"\b(GNUMAKEFLAGS|MAKE_HOST)\b", "$(MAKE_HOST)"),
    ],
    "4.1": [(r"\bMAKE_TERM(OUT|ERR)\b", "$(MAKE_TERMOUT)")],
    "4.2": [(r"\.SHELLSTATUS\b", "$(.SHELLSTATUS)")],
    "4.3": [
        (r"^[^\t:=]*&:", "a b &: c"),
        (r"\.EXTRA_PREREQS\b", ".EXTRA_PREREQS = x"),
        (r"\$\((call|shell|if|or)\s[^#]*'[^'#]*#", "$(shell echo '#')"),
    ],
    "4.4": [
        (r"\$\((let|intcmp)\s", "$(let a,b,$(a))"),
        (r"\.(WAIT|NOTINTERMEDIATE)\b", "a: b .WAIT c"),
        (r"--(shuffle|jobserver-style)\b", "\t$(MAKE) --shuffle"),
    ],
    # 3.81 looks for a program of the name of what only a shell knows.
    "any, in a shell": [
        (
            r"(\$\(shell|^\t@?)\s*(command|type|hash)\s[^>|;&]*$",
            "$(shell command -v uv)",
        ),
    ],
}
# What the tools of macOS don't know.
GNU = [
    (r"\bsed\s[^|;]*(-i|-r|--\w)", "sed -i s/a/b/ file"),
    (r"\b(readlink|realpath)\s+-", "readlink -f file"),
    (r"\bgrep\s[^|;]*-\w*P", "grep -oP x"),
    (r"\bdate\s[^|;]*(-d|-I|--\w)", "date -d yesterday"),
    (r"\bxargs\s[^|;]*(-r|-d|--\w)", "xargs -r rm"),
    (r"\b(cp|mv|ln)\s[^|;]*(?<=\s)(-\w*t\s|--\w)", "cp -t folder file"),
    (r"\bcp\s[^|;]*-\w*[au]", "cp -au a b"),
    (
        r"(?<![-\w])(sort|head|tail|cut|ls|du|mktemp|stat|touch|tar)\s[^|;]*(?<=\s)--\w",
        "tail --lines 1",
    ),
    (r"\bsort\s[^|;]*-\w*V", "sort -V"),
    (r"\bhead\s[^|;]*-n\s*-", "head -n -1"),
    (r"\bstat\s[^|;]*-c", "stat -c %s file"),
    (r"\bmktemp\s[^|;]*-p", "mktemp -p folder"),
    (
        r"(^\t@?|[|;&]\s*)find\s([^|;]*\s)?-(printf|regextype|quit)",
        "\t@find . -printf x",
    ),
    (r"(^\t@?|[|;&]\s*)find\s+-", "\t@find -name x"),
    (r"\bbase64\s[^|;]*-w", "base64 -w0"),
    (
        r"\b(nproc|timeout|tac|md5sum|sha256sum|getent|flock|setsid|free)\s",
        "timeout 5 x",
    ),
    (r"\bawk\s.*\b(gensub|strftime|systime)\b", "awk '{print strftime()}'"),
]


def logical_lines(text: str) -> list[str]:
    """Lines without comments, each with those that a backslash joins to it."""
    joined = re.sub(r"\\\n[\t ]*", " ", text)
    return [line for line in joined.splitlines() if not re.match(r"\s*#", line)]


@pytest.mark.parametrize(
    ("pattern", "example"), [*(p for each in NEWER.values() for p in each), *GNU]
)
def test_pattern_finds_its_example(pattern: str, example: str) -> None:
    assert re.search(pattern, example)


@pytest.mark.parametrize(
    "file", MAKEFILES, ids=lambda file: str(file.relative_to(REPOSITORY))
)
def test_makefile_needs_no_newer_make_than_that_of_macos(file: Path) -> None:
    found = [
        f"{release}: {line}"
        for line in logical_lines(file.read_text())
        for release, patterns in NEWER.items()
        for pattern, _ in patterns
        if re.search(pattern, line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "file", MAKEFILES, ids=lambda file: str(file.relative_to(REPOSITORY))
)
def test_commands_of_a_makefile_are_those_of_bsd_too(file: Path) -> None:
    found = [
        line
        for line in logical_lines(file.read_text())
        if any(re.search(pattern, line) for pattern, _ in GNU)
    ]
    assert found == []


def test_recipes_are_of_a_posix_shell(bake: Bake) -> None:
    project = bake(**DEFAULT)
    targets = re.findall(r"^  make (\S+)", run("make", cwd=project), re.MULTILINE)
    assert {"setup", "run", "lint", "deploy", "worker"} <= {*targets}
    words = ("APP=a", "UPTO=1", "HOST=a@b", "IMAGE=a:1", "SONAR_TOKEN=a")
    wrong = {}
    for target in targets:
        own = {
            "editor": "NAME=vscode",
            "maintenance": "ARGS=on",
        }.get(target, "NAME=blog")
        dry = ("make", "--dry-run", "--always-make", target)
        if found := unportable(run(*dry, *words, own, cwd=project)):
            wrong[target] = found
    assert wrong == {}


def test_recipe_of_another_shell_is_found() -> None:
    assert unportable("[[ a == b ]] && source x\n")


def unportable(recipe: str) -> list[str]:
    """What ShellCheck says about features that a POSIX shell does not have: SC3000 to 3999."""
    check = Path(sys.executable).with_name("shellcheck")
    options = ("--shell", "sh", "--format", "json", "-")
    done = subprocess.run(
        [check, *options], input=recipe, capture_output=True, text=True, check=False
    )
    return [
        each["message"] for each in json.loads(done.stdout) if each["code"] // 1000 == 3
    ]
