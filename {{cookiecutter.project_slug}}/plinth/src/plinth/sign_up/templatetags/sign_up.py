"""Filters of the templates that give allauth's pages the site's look."""

import re

from django import forms, template
from django.utils.translation import get_language

register = template.Library()

# Names keep their capital.
NAMES = {"Apple", "Google", "Microsoft", "QR"}


@register.filter
def sentence_case(text: str) -> str:
    """ "Sign In" as "Sign in": allauth's English has capitals that the site's has not."""
    text = text.strip()
    if not (get_language() or "").startswith("en"):
        return text
    return re.sub(
        r"(?<=[\s-])[A-Z][a-z]+\b",
        lambda word: word[0] if word[0] in NAMES else word[0].lower(),
        text,
    )


@register.filter
def without_placeholders(form: forms.BaseForm) -> forms.BaseForm:
    """Each field has a label; a placeholder would repeat it."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return form


# The first of them in a User-Agent header is the one: others stand in it for compatibility.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@register.filter
def browser(user_agent: str) -> str:
    """A User-Agent header in a person's words: "Firefox, Windows"."""
    found = [
        next((name for mark, name in names.items() if mark in user_agent), "")
        for names in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or user_agent[:40] or "?"
