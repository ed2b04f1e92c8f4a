from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def code(text: str) -> SafeString:
    """Mark text between backticks as code."""
    parts = text.split("`")
    pairs = zip(parts[::2], parts[1::2], strict=False)
    marked = format_html_join("", "{}<code>{}</code>", pairs)
    # An odd number of parts ends with text, an even one with an open backtick.
    return format_html("{}{}", marked, parts[-1] if len(parts) % 2 else "")
