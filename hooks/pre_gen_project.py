"""Refuse answers that cannot work, before a file is written: one line, exit code 1.

Cookiecutter has made the project's folder by now, empty, and takes it away again with all
that is in it. A slug like ".." would have it take away a folder that was there before, so
`__slug_names_one_folder` in cookiecutter.json puts "?" for what makes a path.
"""

import json
import re
import sys

answers = json.loads(r"""{{ cookiecutter | tojson }}""")

# A text lands between double quotes in Python and TOML, on a line in Markdown and .env,
# and is rendered again at every update. Marks that nobody sees (controls, changes of the
# direction of writing) could hide what a file says. django-environ takes a leading $ for
# the name of another variable.
TEXT = (
    r"(?![\s$])"
    r"((?!\{[{%#])"
    r"[^\"\\\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    r"\ud800-\udfff])+"
    r"(?<!\s)"
)
TEXT_RULE = (
    "not empty, without double quote, backslash, line break, invisible mark or the start "
    "of a Jinja tag; no blank at either end, no $ at the start"
)
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"({LABEL}\.)+(?=[a-z]){LABEL}"
HOST_RULE = "a host name like example.com, without scheme, port or path, in lower case"

# Question: the most characters it takes, what matches it in full, the same in words.
RULES = {
    "project_name": (80, TEXT, TEXT_RULE),
    "project_slug": (
        40,
        r"[a-z0-9]+([_-][a-z0-9]+)*",
        "lower-case letters and digits, in words joined by a single _ or -",
    ),
    "description": (200, TEXT, TEXT_RULE),
    "author_name": (80, TEXT, TEXT_RULE),
    "author_email": (
        254,
        rf"(?ai:[\w'+-]+(\.[\w'+-]+)*@{HOST})",
        "an address like you@example.com",
    ),
    "domain_name": (253, HOST, HOST_RULE),
}

for question, (longest, pattern, rule) in RULES.items():
    answer = str(answers[question])
    if len(answer) > longest or not re.fullmatch(pattern, answer):
        sys.exit(
            f"{question} can't be {answer!r:.60}: at most {longest} characters, {rule}."
        )
