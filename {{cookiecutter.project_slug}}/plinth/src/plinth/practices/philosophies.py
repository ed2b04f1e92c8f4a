"""Django's design philosophies, which decision records name.

https://docs.djangoproject.com/en/6.1/misc/design-philosophies/
"""

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
