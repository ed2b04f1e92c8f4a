"""New Relic: errors and timings, once NEW_RELIC_LICENSE_KEY is set."""

import os
from pathlib import Path

from plinth.env import Env, require_extra


def start(app_name: str) -> None:
    """Instrument this process; call it before other imports.

    The agent's other variables (NEW_RELIC_HOST, NEW_RELIC_LOG...) work as well.
    """
    # The settings load the same file, but later.
    env = Env()
    env.read_file(Path(".env").resolve())
    license_key = env("NEW_RELIC_LICENSE_KEY")
    if not license_key:
        return
    require_extra("NEW_RELIC_LICENSE_KEY", "newrelic")

    os.environ["NEW_RELIC_APP_NAME"] = env("NEW_RELIC_APP_NAME", default=app_name)
    # The agent reads the environment at import.
    from newrelic import agent

    # It may come from a file, NEW_RELIC_LICENSE_KEY_FILE.
    agent.global_settings().license_key = license_key
    agent.initialize()
    # It would insert a script into every page, which the content security policy blocks.
    agent.global_settings().browser_monitoring.auto_instrument = False
