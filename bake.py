"""`make new`: bake from what git knows of this folder, beside it.

Each answer is checked when it is given, and an invalid one is refused in one line.
"""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cookiecutter import prompt
from cookiecutter.cli import main

HERE = Path(__file__).resolve().parent


def git(*arguments: str) -> str:
    """Return what git says of this folder: nothing where it is missing or refuses."""
    try:
        return subprocess.check_output(
            ["git", *arguments], cwd=HERE, text=True, stderr=subprocess.DEVNULL
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def is_clone() -> bool:
    return Path(git("rev-parse", "--show-toplevel")) == HERE


def sources(folder: Path) -> Path:
    """Copy the template without what git ignores, and return where it is.

    Caches, environments and databases of tools that ran in it would be baked in. A
    folder that is not a clone is taken as it is.
    """
    if not is_clone():
        return HERE
    listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listing.split("\0")):
        path = HERE / name
        # A folder is a repository of its own, such as a project baked into the clone.
        if path.is_symlink() or path.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / name, follow_symlinks=False)
    return folder


def origin() -> dict[str, str]:
    """Where `make update` finds this version: on the remote, or here if not pushed."""
    if not is_clone():
        return {}
    pushed = git("branch", "--remotes", "--list", "origin/*", "--contains", "HEAD")
    address = git("remote", "get-url", "origin") if pushed else ""
    # Without the password that the address of a clone may hold.
    address = re.sub(r"^(https?://)[^/@]*@", r"\1", address)
    return {"template": address or str(HERE), "commit": git("rev-parse", "HEAD")}


def refusal(question: str, answer: object) -> str:
    """Return what the hook says of one answer: nothing if it is valid."""
    hook = (HERE / "hooks/pre_gen_project.py").read_text()
    hook = hook.replace("{{ cookiecutter | tojson }}", json.dumps({question: answer}))
    done = subprocess.run(
        [sys.executable, "-c", hook], stderr=subprocess.PIPE, text=True, check=False
    )
    return done.stderr.strip()


def known() -> Iterator[str]:
    """Yield the owner's name and address, if git has them."""
    for question, key in {"author_name": "name", "author_email": "email"}.items():
        answer = git("config", f"user.{key}")
        if answer and not refusal(question, answer):
            yield f"{question}={answer}"


@contextmanager
def checked(options: dict[str, Any]) -> Iterator[None]:
    """Check the answers of the command line now, and each other one when it is given."""

    def problem(question: str, answer: object) -> str:
        folder = Path(options["output_dir"], str(answer))
        taken = folder.exists() and not options["overwrite_if_exists"]
        if question == "project_slug" and taken and not refusal(question, answer):
            return f"{folder} exists: choose another name."
        return refusal(question, answer)

    def ask(question: str, default: object, *rest: Any) -> object:
        while message := problem(question, answer := read(question, default, *rest)):
            print(message)
        return answer

    names = json.loads((HERE / "cookiecutter.json").read_text())
    questions = [name for name in names if not name.startswith("_")]
    for question, answer in (options["extra_context"] or {}).items():
        if question not in questions:
            known = ", ".join(questions)
            print(f"No question is {question!r:.60}, but {known}.", file=sys.stderr)
            sys.exit(2)
        if message := refusal(question, answer):
            sys.exit(message)
    read, prompt.read_user_variable = prompt.read_user_variable, ask
    try:
        yield
    finally:
        prompt.read_user_variable = read


@contextmanager
def no_empty_folders(output: Path) -> Iterator[None]:
    """Take away the output folder that cookiecutter made, if nothing came into it."""
    missing = [folder for folder in (output, *output.parents) if not folder.exists()]
    try:
        yield
    finally:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()


if __name__ == "__main__":
    # Cookiecutter would add a traceback to a refusal.
    logging.disable()
    sys.excepthook = lambda kind, error, trace: print(error, file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        # Cookiecutter leaves the hooks that it ran.
        tempfile.tempdir = name
        # Of an option or an answer that stands here twice, the last one counts.
        defaults = [f"--output-dir={HERE.parent}", *known()]
        arguments = [str(sources(Path(name, "plinth"))), *defaults, *sys.argv[1:]]
        options = main.make_context("bake", [*arguments], resilient_parsing=True).params
        os.environ["PLINTH_ORIGIN"] = json.dumps(origin())
        with no_empty_folders(Path(options["output_dir"])), checked(options):
            main(arguments, prog_name="cookiecutter")
