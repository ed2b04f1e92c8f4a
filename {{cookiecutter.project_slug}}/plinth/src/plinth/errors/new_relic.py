"""Errors and timings go to New Relic, once NEW_RELIC_LICENSE_KEY is set."""

import os
from pathlib import Path

from plinth.env import Env


def start(app_name: str) -> None:
    """Instrument this process; call it before other imports.

    The agent's other variables (NEW_RELIC_HOST, NEW_RELIC_LOG...) work as well.
    """
    # The settings read the same file, but later.
    env = Env()
    env.read_file(Path(".env").resolve())
    license_key = env("NEW_RELIC_LICENSE_KEY")
    if not license_key:
        return

    os.environ["NEW_RELIC_APP_NAME"] = env(
        "NEW_RELIC_APP_NAME",
        default=app_name,
    )
    # It reads the environment when it is imported.
    from newrelic import agent

    # Which may come from a file.
    agent.global_settings().license_key = license_key
    agent.initialize()
    # It would put a script into every page that the content security policy blocks.
    agent.global_settings().browser_monitoring.auto_instrument = False
