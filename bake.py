"""`make new`: bake from what git knows of this folder, and say a refusal in one line."""

import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cookiecutter.cli import main

HERE = Path(__file__).resolve().parent


def git(*arguments: str) -> str:
    """Return what git says of this folder: nothing where it is missing or refuses."""
    try:
        return subprocess.check_output(
            ["git", *arguments], cwd=HERE, text=True, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return ""


def sources(folder: Path) -> Path:
    """Copy the template without what git ignores, and return where it is.

    Caches, environments and databases of tools that ran in it would be baked in. A
    folder that is not a clone is taken as it is.
    """
    if Path(git("rev-parse", "--show-toplevel").strip()) != HERE:
        return HERE
    listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listing.split("\0")):
        if (HERE / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, folder / name, follow_symlinks=False)
    return folder


@contextmanager
def no_empty_folders(arguments: list[str]) -> Iterator[None]:
    """Take away the output folder that cookiecutter made, if nothing came into it."""
    context = main.make_context("cookiecutter", [*arguments], resilient_parsing=True)
    output = Path(context.params["output_dir"])
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
        arguments = [str(sources(Path(name, "plinth"))), *sys.argv[1:]]
        with no_empty_folders(arguments):
            main(arguments, prog_name="cookiecutter")
