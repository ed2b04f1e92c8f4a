"""Where the project is, and its environment variables."""

from pathlib import Path

from plinth.env import Env

__all__ = ["BASE_DIR", "env"]

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Env()
env.read_file(BASE_DIR / ".env")
