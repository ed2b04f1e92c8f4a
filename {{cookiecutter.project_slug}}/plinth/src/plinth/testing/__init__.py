"""For test settings: environment variables of the test suite."""

import os

from plinth.env import Env


def isolate_environment(*keep: str, **override: str) -> None:
    """Hide all environment variables and `.env` from the settings, but for these.

    So a suite gives the same results on every machine and in every shell. Call it before
    the settings are imported: `isolate_environment("DATABASE_URL", LOG_LEVEL="ERROR")`.
    """
    names = {"DJANGO_SETTINGS_MODULE", *keep, *(f"{name}_FILE" for name in keep)}
    kept = {name: os.environ[name] for name in names & os.environ.keys()}
    Env.variables = {**kept, **override, "ENV_FILE": os.devnull}
