"""Masks of secrets and personal data in log lines, by their form and by their name."""

import re
from typing import Any

# A token of PasswordResetTokenGenerator, as in the link that resets a password; its hash is
# looked for first, which is ten times faster.
TOKEN = re.compile(r"\b[0-9a-z]{6,7}-[0-9a-f]{32}\b")
HASH = re.compile(r"-[0-9a-f]{32}\b")
# Digits of a payment card, all together or in groups.
CARD = re.compile(
    r"\b\d{4}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{1,4}){0,2}\b(?!\.\d)", re.ASCII
)
# Names of secrets, and what is between a name and its value: `=` or `: `, and the quotes and
# brackets of Python, or of JSON in JSON.
NAME = r"(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|authorization|query_string|session_?(?:id|key))\w{0,20}"
IS = r"""["'\\]{0,3} {0,2}[:=] {0,2}[\["'\\]{0,4}"""
IS_SECRET = re.compile(rf"[\w-]{{0,20}}(?:{NAME}|cookie)", re.IGNORECASE)
# What is masked, and what stays of it: (texts of which one must be in the lower-case line,
# pattern, replacement). Repetitions have a limit, so that a long line takes linear time.
SECRETS: list[tuple[tuple[str, ...], re.Pattern[str], str]] = [
    (hints, re.compile(pattern, re.ASCII | re.IGNORECASE), stays)
    for hints, pattern, stays in (
        # Query strings.
        (("?",), r"\?[\w.%-]{1,64}=[^\s\"'\\]*", "?***"),
        (("cookie",), rf"(cookie{IS})[^\"'\\\n]+", r"\1***"),
        (
            (
                "pass",
                "secret",
                "token",
                "api",
                "authorization",
                "query_string",
                "session",
            ),
            # The whole of a quoted value, or else a word.
            rf"({NAME}{IS})(?:(?<=[\"'])[^\"'\\\n]+|(?:(?:basic|bearer|token) )?[^\s\"'\\,;&}})\]]+)",
            r"\1***",
        ),
        (("bearer", "basic"), r"\b(bearer|basic) [\w.~+/=-]{8,}", r"\1 ***"),
        # The password in a server's URL.
        (("://",), r"(://[^\s/@:]{0,64}:)[^\s/@]{1,256}@", r"\1***@"),
        # Email addresses.
        (
            ("@", "%40"),
            r"(?<![\w.+-])[\w.+-]{1,64}(?:@|%40)[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}",
            "***",
        ),
        # Values of rows, in PostgreSQL's errors.
        (("failing row",), r"(failing row contains )\([^\n]*", r"\1(***)"),
        (("key (",), r"(key \([^=\n]{1,200}\)=)\([^\n]*\)", r"\1(***)"),
    )
]


def mask(text: str) -> str:
    """Replace secrets and personal data by ***, as far as their form or their name tells."""
    if HASH.search(text):
        text = TOKEN.sub("***", text)
    lower = text.lower()
    for hints, pattern, stays in SECRETS:
        for hint in hints:  # any() would take three times as long
            if hint in lower:
                text = pattern.sub(stays, text)
                break
    return CARD.sub(mask_card, text)


def mask_card(match: re.Match[str]) -> str:
    """Replace a number with the check digit of payment cards (Luhn); others stay."""
    shortest = 13
    digits = [int(character) for character in match[0] if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    is_card = len(digits) >= shortest and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
    return "***" if is_card else match[0]


def masked(value: Any) -> Any:
    """Mask each text in a value of JSON, and what has the name of a secret."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, dict):
        return {
            name: "***" if IS_SECRET.match(name) else masked(each)
            for name, each in value.items()
        }
    return value
