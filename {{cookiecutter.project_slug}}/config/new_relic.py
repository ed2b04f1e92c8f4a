"""Errors and timings go to New Relic, once NEW_RELIC_LICENSE_KEY is set."""

import os


def start() -> None:
    """Watch this process from now on; what is imported before is watched less well.

    The agent reads its own variables (NEW_RELIC_APP_NAME, NEW_RELIC_HOST...) from the
    environment, not from .env, which only the settings read.
    """
    if os.environ.get("NEW_RELIC_LICENSE_KEY"):
        from newrelic import agent

        agent.initialize()
