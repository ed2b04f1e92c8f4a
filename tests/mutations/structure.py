"""How a project is laid out: migrations, views, URLs, middleware, decisions."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
CHECKS = "plinth/src/plinth/practices/checks.py"
EXECUTOR = "plinth/src/plinth/database/executor.py"
MIGRATION_LINT = "plinth/src/plinth/practices/migration_lint.py"
OPERATIONS = "plinth/src/plinth/database/operations.py"
SWITCH = "deploy/switch.sh"
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
        32,
        "data-migrations-are-never-squashed-away",
        replace(OPERATIONS, "    elidable = True\n", ""),
        "test_operations_of_the_foundation_can_be_squashed",
    ),
    # Migration failures
    Mutation(
        48,
        "unsafe-migrations-pass",
        replace(MIGRATION_LINT, 'each["rule_name"] in SQUAWK', "False"),
        "test_unsafe_operation_is_refused_with_the_safe_way",
    ),
    Mutation(
        48,
        "index-blocks-writes",
        replace(
            OPERATIONS,
            "operation = AddIndexConcurrently if online else AddIndex",
            "operation = AddIndex",
        ),
        "test_safe_operation_is_not_reported",
    ),
    Mutation(
        48,
        "gives-up-at-the-first-lock",
        replace(EXECUTOR, "if state not in LOCKED:", "if state:"),
        "test_statement_without_its_lock_is_retried_with_backoff",
    ),
    Mutation(
        48,
        "concurrent-index-times-out",
        replace(
            EXECUTOR,
            'self.set(0 if "CONCURRENTLY" in sql else self.lock_timeout, 0)',
            "self.set(self.lock_timeout, self.statement_timeout)",
        ),
        "test_statement_that_blocks_nothing_has_no_time_limit",
    ),
    Mutation(
        48,
        "switches-without-its-tables",
        replace(SWITCH, 'refuse "does not migrate"', "true"),
        "test_release_that_fails_gets_no_traffic",
    ),
    # Never just drop a column
    Mutation(
        49,
        "drop-before-the-deployment-passes",
        replace(
            MIGRATION_LINT,
            "rule in AFTER_DEPLOY and runs_after(",
            "rule in AFTER_DEPLOY or runs_after(",
        ),
        "test_column_is_dropped_after_the_deployment_only",
    ),
    Mutation(
        49,
        "required-column-is-dropped",
        replace(MIGRATION_LINT, "and is_required(field)", "and False"),
        "test_required_column_is_made_nullable_before_it_is_dropped",
    ),
    Mutation(
        49,
        "phases-run-together",
        replace(EXECUTOR, "if runs_after(migration) and not backwards", "if False"),
        "test_marked_migration_runs_after_the_deployment",
    ),
    Mutation(
        49,
        "column-dropped-under-the-old-release",
        replace(SWITCH, " --before-deploy", ""),
        "test_columns_are_dropped_when_the_old_release_has_stopped",
    ),
    Mutation(
        49,
        "old-rows-are-not-filled",
        replace(OPERATIONS, "left = rows.filter(self.where, pk__gt=last)", "break"),
        "test_column_gets_another_name_without_losing_a_row",
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
