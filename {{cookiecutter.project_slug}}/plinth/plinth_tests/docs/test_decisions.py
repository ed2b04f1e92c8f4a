"""docs/decisions.md: each record says what, why, and in which spirit."""

import re

import pytest
from django.conf import settings

pytestmark = pytest.mark.practice(71)

# https://docs.djangoproject.com/en/6.1/misc/design-philosophies/
PHILOSOPHIES = {
    # Overall
    "Loose coupling",
    "Less code",
    "Quick development",
    "Don't repeat yourself (DRY)",
    "Explicit is better than implicit",
    "Consistency",
    # Models
    "Include all relevant domain logic",
    # Database API
    "SQL efficiency",
    "Terse, powerful syntax",
    "Option to drop into raw SQL easily, when needed",
    # URL design
    "Infinite flexibility",
    "Encourage best practices",
    "Definitive URLs",
    # Template system
    "Separate logic from presentation",
    "Discourage redundancy",
    "Be decoupled from HTML",
    "XML should not be used for template languages",
    "Assume designer competence",
    "Treat whitespace obviously",
    "Don't invent a programming language",
    "Safety and security",
    "Extensibility",
    # Views
    "Simplicity",
    "Use request objects",
    "Differentiate between GET and POST",
}

DOCUMENT = settings.BASE_DIR / "docs/decisions.md"
RECORDS = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]


def fields(record: str) -> dict[str, str]:
    """Return what stands after `- Name: ` on a line, and on the lines indented below."""
    found = re.findall(r"^- ([\w ]+): (.+(?:\n  .+)*)", record, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def test_records_are_numbered_in_their_order() -> None:
    numbers = [record.partition(". ")[0] for record in RECORDS]

    assert numbers
    assert numbers == [str(number) for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.splitlines()[0])
def test_a_record_says_what_and_why_and_which_philosophy_it_follows(
    record: str,
) -> None:
    said = fields(record)

    assert list(said) == ["Philosophy", "Decision", "Why", "Shown by"]
    assert said["Philosophy"] in PHILOSOPHIES
    places = re.findall(r"`([^`]+)`", said["Shown by"])
    assert places
    assert [place for place in places if not (settings.BASE_DIR / place).exists()] == []
