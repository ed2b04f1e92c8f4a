"""Refuse invalid answers before a file is written: one line, exit code 1.

By now cookiecutter has created the project's folder, empty. When this hook fails,
cookiecutter deletes the folder with all its content. With a slug like "..", that would be a
folder that existed before. So `__slug_names_one_folder` in cookiecutter.json replaces "/" and
"." by "?".
"""

import json
import re
import sys

answers = json.loads(r"""{{ cookiecutter | tojson }}""")

# A text is rendered between double quotes in Python and TOML, and on a line of Markdown and
# .env, again at every update. Invisible characters (controls, changes of text direction)
# could hide what a file says. django-environ takes a leading $ for another variable's name.
TEXT = (
    r"(?![\s$])"
    r"((?!\{[{%#])"
    r"[^\"\\\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    r"\ud800-\udfff])+"
    r"(?<!\s)"
)
TEXT_RULE = (
    "not empty, without double quote, backslash, line break, invisible character or the "
    "start of a Jinja tag; no space at either end, no $ at the start"
)
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"({LABEL}\.)+(?=[a-z]){LABEL}"
HOST_RULE = "a host name like example.com, without scheme, port or path, in lower case"

# Question: maximum length, pattern of the whole answer, the same in words.
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

# `make new` runs this with one answer at a time, when it is given.
for question in [name for name in RULES if name in answers]:
    longest, pattern, rule = RULES[question]
    answer = str(answers[question])
    if len(answer) > longest or not re.fullmatch(pattern, answer):
        sys.exit(
            f"{question} can't be {answer!r:.60}: at most {longest} characters, {rule}."
        )
