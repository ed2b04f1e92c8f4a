"""Settings of each environment: secrets, developers' tools, what production refuses."""

from tests.mutations import Mutation, append, delete, replace

BASE = "config/settings/base.py"
ENV = "plinth/src/plinth/env.py"
LOCAL = "config/settings/local.py"
PRODUCTION = "config/settings/production.py"

MUTATIONS = [
    # Debug toolbar
    Mutation(
        29,
        "in-production",
        append(PRODUCTION, 'INSTALLED_APPS += ["debug_toolbar"]\n'),
        "test_production_imports_no_developer_tool",
    ),
    Mutation(
        29,
        "not-in-local",
        replace(LOCAL, '"debug_toolbar.middleware.DebugToolbarMiddleware",', ""),
        "test_debug_toolbar_works_within_the_policy",
    ),
    # runserver
    Mutation(
        37,
        "deleted",
        delete("plinth/src/plinth/management/commands/runserver.py"),
        "test_runserver_refuses_without_debug",
    ),
    Mutation(
        37,
        "below-staticfiles",
        append(BASE, "INSTALLED_APPS.append(INSTALLED_APPS.pop(0))\n"),
        "test_runserver_refuses_without_debug",
    ),
    Mutation(
        37,
        "on-the-host",
        replace(
            "deploy/compose/compose.yml",
            "  web-green:\n    <<: *web\n",
            "  web-green:\n    <<: *web\n"
            "    command: python manage.py runserver 0.0.0.0:8000\n",
        ),
        "test_deployments_start_gunicorn",
    ),
    Mutation(
        37,
        "in-a-script",
        append("deploy/compose/serve.sh", "exec python manage.py runserver\n"),
        "test_deployments_start_gunicorn",
    ),
    # Secrets
    Mutation(
        39,
        "secret-in-git",
        replace(".gitignore", ".env\n", ""),
        "test_git_ignores_the_secrets",
    ),
    Mutation(
        39,
        "not-in-the-example",
        replace(".env.example", "# SECURE_HSTS_SECONDS=3600", ""),
        "test_example_lists_the_variables_that_are_read",
    ),
    Mutation(
        39,
        "secrets-that-break-urls",
        replace("plinth/project.mk", "secrets.token_urlsafe(50)", '"\\#?$$" * 20'),
        "test_each_secret_is_generated_once",
    ),
    Mutation(
        39,
        "committed-secrets-pass",
        replace("plinth/pre-commit.yaml", "user:password@", "."),
        "test_secret_is_refused_in_a_commit",
    ),
    Mutation(
        39,
        "no-secrets-in-files",
        replace(ENV, 'self.read_secret(f"{name}_FILE")', '""'),
        "test_secret_may_be_in_a_file",
    ),
    Mutation(
        39,
        "unreadable-file-is-empty",
        replace(ENV, "except (OSError, ValueError):\n", "except ():\n"),
        "test_unreadable_file_stops_the_start_with_one_line",
    ),
    # Production
    Mutation(
        72,
        "debug-is-ignored",
        replace(PRODUCTION, 'fail("DEBUG", "false in production")', "pass"),
        "test_unsafe_start_stops_with_one_line",
    ),
    Mutation(
        72,
        "debug-by-variable",
        replace(
            PRODUCTION,
            'DEBUG = False\nif env.bool("DEBUG", default=False):\n'
            '    fail("DEBUG", "false in production")\n',
            'DEBUG = env.bool("DEBUG", default=True)\n',
        ),
        "test_effective_settings_are_those_of_production",
    ),
]
