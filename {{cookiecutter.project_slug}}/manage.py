#!/usr/bin/env python
"""Django's command line: `python manage.py help`."""

import os
import sys

try:
    from plinth.management.main import execute_from_command_line
except ModuleNotFoundError:
    sys.exit("This Python has no Django: `make setup`, then .venv/bin/python manage.py")

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    execute_from_command_line(sys.argv)
