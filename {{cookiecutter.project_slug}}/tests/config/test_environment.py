"""`.env.example` and the settings name the same variables."""

import re

from django.conf import settings

# Chosen by whoever starts a process, not by an installation.
OUTSIDE = {"DJANGO_SETTINGS_MODULE", "ENV_FILE", "OWNER"}


def test_every_variable_is_in_the_example() -> None:
    read = {
        name
        for path in (settings.BASE_DIR / "config").rglob("*.py")
        for name in re.findall(
            r"""(?:env(?:\.\w+)?|environ\.get)\(\s*["']([A-Z_]+)["']""",
            path.read_text(),
        )
    }
    compose = (settings.BASE_DIR / "compose.yml").read_text()
    read |= set(re.findall(r"\$\{([A-Z_]+)", compose))
    example = (settings.BASE_DIR / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))

    assert read - OUTSIDE == listed


def test_git_ignores_the_secrets() -> None:
    ignored = (settings.BASE_DIR / ".gitignore").read_text().splitlines()

    assert ".env" in ignored
