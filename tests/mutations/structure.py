"""How a project is laid out: migrations, views, URLs, middleware, decisions."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
CHECKS = "plinth/src/plinth/practices/checks.py"
TESTS = "plinth/plinth_tests/conftest.py"

MUTATIONS = [
    Mutation(
        32,
        "squashed-ones-still-count",
        replace(CHECKS, "if name not in replaced", "if name"),
        "test_too_many_migrations_are_reported_until_they_are_squashed",
    ),
    Mutation(
        32,
        "days-do-not-count",
        replace(CHECKS, "if many or old:", "if many:"),
        "test_old_migration_is_reported_without_failing_a_build",
    ),
    Mutation(
        44,
        "any-style-passes",
        replace(CHECKS, "if own and kind != style:", "if False:"),
        "test_view_of_the_other_style_is_reported",
    ),
    Mutation(
        44,
        "check-is-not-registered",
        replace(
            CHECKS,
            '@checks.register("practices")\ndef check_view_style',
            "def check_view_style",
        ),
        "test_view_of_the_other_style_is_reported",
    ),
    Mutation(
        58,
        "django-keeps-the-session-key",
        append(
            TESTS,
            "\nfrom django.contrib.sessions.backends.base import SessionBase\n"
            "SessionBase.cycle_key = lambda self: None\n",
        ),
        "test_login_changes_the_session_key",
    ),
    Mutation(
        58,
        "django-looks-users-up-at-once",
        append(
            TESTS,
            "\nfrom django.contrib.auth import middleware\n"
            "middleware.SimpleLazyObject = lambda get: get()\n",
        ),
        "test_user_is_lazy",
    ),
    Mutation(
        65,
        "probes-above-the-log",
        append(
            BASE,
            'MIDDLEWARE += [MIDDLEWARE.pop(MIDDLEWARE.index("plinth.logs.middleware.'
            'RequestLogMiddleware"))]\n',
        ),
        "test_middleware_is_in_order",
    ),
    Mutation(
        65,
        "any-order-passes",
        replace(CHECKS, "and places[outer] > places[inner]", "and False"),
        "test_wrong_order_brings_a_warning",
    ),
    Mutation(
        68,
        "urls-of-a-list-pass",
        replace(
            CHECKS, "        elif own and (", "        elif namespace and own and ("
        ),
        "test_url_without_a_name_or_a_namespace_is_reported",
    ),
    Mutation(
        68,
        "link-leads-nowhere",
        replace("templates/base.html", "pages:security", "pages:contact"),
        "test_url_names_in_a_template_exist",
    ),
    Mutation(
        68,
        "hard-coded-links-pass",
        replace(
            "pyproject.toml", "[tool.djlint]\n", '[tool.djlint]\nignore = "D018"\n'
        ),
        "test_hard_coded_link_is_refused",
    ),
    Mutation(
        71,
        "any-philosophy-passes",
        replace(CHECKS, " or named[1] not in PHILOSOPHIES", ""),
        "test_decision_without_a_philosophy_is_reported",
    ),
    Mutation(
        71,
        "missing-philosophy-passes",
        replace(CHECKS, "if not named or named", "if named and named"),
        "test_decision_without_a_philosophy_is_reported",
    ),
]
