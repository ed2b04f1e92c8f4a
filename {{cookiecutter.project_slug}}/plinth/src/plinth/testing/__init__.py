"""For the settings of a test suite."""

import os
import re
from pathlib import Path


def isolate_environment(example: Path, *, keep: frozenset[str] | set[str]) -> None:
    """Unset every variable that .env.example names, but for these; read no .env.

    So a suite gives the same results on every machine and in every shell.
    """
    os.environ["ENV_FILE"] = os.devnull
    names = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", example.read_text(), re.MULTILINE)
    for name in set(names) - keep:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
