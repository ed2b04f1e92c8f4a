"""How code is written: what linters, hooks and locks hold together."""

from tests.mutations import Mutation, delete, replace

BASE = "config/settings/base.py"
HOOKS = "plinth/pre-commit.yaml"
MODELS = "plinth/src/plinth/accounts/models.py"
PYPROJECT = "pyproject.toml"
RULES = "plinth/ruff.toml"
TARGETS = "plinth/project.mk"
VIEWS = "apps/pages/views.py"

MUTATIONS = [
    # No unused apps
    Mutation(
        6,
        "toolbar-in-production",
        replace(BASE, '    "plinth",\n', '    "plinth",\n    "debug_toolbar",\n'),
        "test_production_starts_without_packages_of_development",
    ),
    Mutation(
        6,
        "unused-packages-pass",
        replace(HOOKS, "/deptry . ", "/deptry . --ignore DEP002 "),
        "test_unused_dependency_is_an_error",
    ),
    # Lazy values
    # No print
    Mutation(
        21,
        "prints-pass",
        replace(RULES, '"T20", ', ""),
        "test_print_is_an_error",
    ),
    Mutation(
        21,
        "root-logger-passes",
        replace(RULES, '"LOG", ', ""),
        "test_print_is_an_error",
    ),
    # django-model-utils
    Mutation(
        26,
        "monitors-another-field",
        replace(MODELS, '="password"', '="last_login"'),
        "test_change_of_the_password_alone_is_dated",
    ),
    Mutation(
        26,
        "a-plain-date",
        replace(
            MODELS,
            'MonitorField(\n        _("password changed"), monitor="password"',
            'models.DateTimeField(\n        _("password changed"), default=timezone.now',
        ),
        "test_change_of_the_password_alone_is_dated",
    ),
    # pre-commit and the hooks for Django
    Mutation(
        30,
        "hook-sees-no-file",
        replace(HOOKS, "types: [shell]", "types: [ruby]"),
        "test_each_hook_finds_its_error",
    ),
    Mutation(
        30,
        "commits-run-one-hook",
        replace(
            ".pre-commit-config.yaml",
            "--config plinth/pre-commit.yaml --files",
            "--config plinth/pre-commit.yaml ruff-check --files",
        ),
        "test_each_hook_finds_its_error",
    ),
    Mutation(
        31,
        "templates-of-another-folder",
        replace(HOOKS, "^templates/", "^pages/"),
        "test_each_hook_finds_its_error",
    ),
    Mutation(
        31,
        "migrations-unchecked",
        replace(HOOKS, "--check --dry-run", "--dry-run"),
        "test_each_hook_finds_its_error",
    ),
    # Maintained requirements
    Mutation(
        38,
        "written-elsewhere",
        replace(TARGETS, "--output-file requirements.txt", "--output-file other.txt"),
        "test_stale_requirements_are_exported_again",
    ),
    Mutation(
        38,
        "tools-of-development-exported",
        replace(TARGETS, "--locked --no-dev --no-hashes", "--locked --no-hashes"),
        "test_stale_requirements_are_exported_again",
    ),
    # Latest Django
    Mutation(
        40,
        "deprecations-pass",
        replace(PYPROJECT, 'filterwarnings = ["error"]', "filterwarnings = []"),
        "test_deprecated_call_fails_its_test",
    ),
    Mutation(
        40,
        "hooks-of-another-release",
        replace(HOOKS, "--target-version 6.1", "--target-version 5.2"),
        "test_django_its_types_and_its_hooks_are_of_one_release",
    ),
    # Virtual environments
    Mutation(
        43,
        "another-python",
        replace(".python-version", "3.13", "3.12"),
        "test_image_has_the_python_version_of_the_project",
    ),
    Mutation(
        43,
        "image-without-the-lock",
        replace("Dockerfile", "sync --locked", "sync"),
        "test_image_is_installed_from_the_lock",
    ),
    Mutation(
        43,
        "package-that-is-not-locked",
        replace(
            "uv.lock",
            'name = "whitenoise"\nversion = "',
            'name = "whitenoise"\nversion = "1',
        ),
        "test_environment_has_the_locked_versions",
    ),
    # PEP 8
    Mutation(
        45,
        "names-not-linted",
        replace(RULES, '"N", ', ""),
        "test_bad_style_is_an_error",
    ),
    Mutation(
        45,
        "types-not-strict",
        replace(PYPROJECT, "strict = true\nplugins", "plugins"),
        "test_mypy_is_strict_and_knows_django",
    ),
    Mutation(
        45,
        "unclosed-tags-pass",
        replace(PYPROJECT, "[tool.djlint]\n", '[tool.djlint]\nignore = "H025"\n'),
        "test_djlint_finds_an_unclosed_tag",
    ),
    # Static analyser
    Mutation(
        47,
        "holes-pass",
        replace(RULES, '"S", ', ""),
        "test_security_hole_is_an_error",
    ),
    Mutation(
        47,
        "forms-of-other-sites-pass",
        replace(RULES, '"django.views.decorators.csrf.csrf_exempt"', '"a.b"'),
        "test_security_hole_is_an_error",
    ),
    Mutation(
        47,
        "text-without-escaping-passes",
        delete(".djlint_rules.yaml"),
        "test_template_without_escaping_is_an_error",
    ),
    # django-extensions
    Mutation(
        52,
        "not-in-local",
        replace("config/settings/local.py", '    "django_extensions",\n', ""),
        "test_local_settings_list_every_url_with_its_view",
    ),
    Mutation(
        52,
        "in-production",
        replace(BASE, '    "plinth",\n', '    "plinth",\n    "django_extensions",\n'),
        "test_production_does_not_have_the_commands",
    ),
    # No threads or processes in views
    Mutation(
        66,
        "threads-pass",
        replace(RULES, '"threading".msg', '"threads".msg'),
        "test_thread_or_process_in_a_view_is_an_error",
    ),
    Mutation(
        66,
        "apps-are-not-linted",
        replace(RULES, '"../config/*" =', '"../apps/*" = ["TID251"]\n"../config/*" ='),
        "test_thread_or_process_in_a_view_is_an_error",
    ),
]
