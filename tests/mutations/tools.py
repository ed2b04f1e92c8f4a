"""How it is written: what linters, hooks and locks hold together."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
FORMS = "apps/accounts/forms.py"
HOOKS = ".pre-commit-config.yaml"
MODELS = "apps/accounts/models.py"
PYPROJECT = "pyproject.toml"
VIEWS = "apps/pages/views.py"

MUTATIONS = [
    # No unused apps
    Mutation(
        6,
        "toolbar-in-production",
        replace(BASE, '    "plinth",\n', '    "plinth",\n    "debug_toolbar",\n'),
        "test_production_needs_no_tool_of_development",
    ),
    Mutation(
        6,
        "package-that-nothing-uses",
        replace(PYPROJECT, '    "whitenoise",', '    "newt",'),
        "test_no_package_is_unused_or_missing",
    ),
    # Lazy values
    Mutation(
        20,
        "translated-at-import",
        append(
            FORMS,
            "\n\nfrom django.utils.translation import gettext\n\nA = gettext('a')\n",
        ),
        "test_an_import_translates_reverses_and_queries_nothing",
    ),
    Mutation(
        20,
        "everybody-looked-up",
        replace(
            "apps/pages/context_processors.py",
            '"DEBUG": settings.DEBUG',
            '"DEBUG": settings.DEBUG or request.user.is_staff',
        ),
        "test_who_asks_is_looked_up_only_where_a_page_says_it",
    ),
    # No print
    Mutation(
        21, "print-in-a-view", append(VIEWS, '\nprint("here")\n'), "test_nothing_prints"
    ),
    Mutation(
        21,
        "rule-dropped",
        replace(PYPROJECT, '    "T20",\n', ""),
        "test_what_prints_is_refused",
    ),
    # django-model-utils
    Mutation(
        26,
        "monitors-another-field",
        replace(MODELS, '="password"', '="last_login"'),
        "test_a_new_password_is_dated_and_nothing_else_is",
    ),
    Mutation(
        26,
        "a-plain-date",
        replace(
            MODELS,
            'MonitorField(\n        _("password changed"), monitor="password"',
            'models.DateTimeField(\n        _("password changed"), default=timezone.now',
        ),
        "test_a_new_password_is_dated_and_nothing_else_is",
    ),
    # pre-commit and the hooks for Django
    Mutation(
        30,
        "hook-that-sees-no-file",
        replace(HOOKS, "types: [toml]", "types: [json]"),
        "test_no_hook_complains_of_the_project",
    ),
    Mutation(
        30,
        "file-that-a-hook-refuses",
        append("README.md", "blank \n"),
        "test_no_hook_complains_of_the_project",
    ),
    Mutation(
        31,
        "other-folder",
        replace(HOOKS, "^templates/", "^pages/"),
        "test_each_hook_for_django_catches_what_it_is_for",
    ),
    Mutation(
        31,
        "migrations-unchecked",
        replace(HOOKS, "--check --dry-run", "--dry-run"),
        "test_each_hook_for_django_catches_what_it_is_for",
    ),
    # Maintained requirements
    Mutation(
        38,
        "stale-export",
        append("requirements.txt", "left-pad==1.0\n"),
        "test_a_stale_export_is_written_anew",
    ),
    Mutation(
        38,
        "lock-left-behind",
        replace(PYPROJECT, '"django~=6.1.3"', '"django~=6.0.1"'),
        "test_a_stale_export_is_written_anew",
    ),
    Mutation(
        38,
        "tools-of-development-exported",
        replace("Makefile", "--locked --no-dev", "--locked"),
        "test_a_stale_export_is_written_anew",
    ),
    # Latest Django
    Mutation(
        40,
        "deprecations-pass",
        replace(PYPROJECT, 'filterwarnings = ["error"]', "filterwarnings = []"),
        "test_a_deprecated_call_fails_the_suite",
    ),
    Mutation(
        40,
        "old-hooks",
        replace(HOOKS, "--target-version 6.1", "--target-version 5.2"),
        "test_all_that_goes_with_django_is_for_the_line_that_runs",
    ),
    # Virtual environments
    Mutation(
        43,
        "another-python",
        replace(".python-version", "3.13", "3.12"),
        "test_one_python_from_laptop_to_image",
    ),
    Mutation(
        43,
        "image-without-the-lock",
        replace("Dockerfile", "sync --locked", "sync"),
        "test_the_image_is_installed_from_the_lock",
    ),
    Mutation(
        43,
        "package-that-is-not-locked",
        replace(
            "uv.lock",
            'name = "whitenoise"\nversion = "',
            'name = "whitenoise"\nversion = "1',
        ),
        "test_the_environment_is_what_the_lock_says",
    ),
    # PEP 8
    Mutation(
        45,
        "two-on-a-line",
        append(VIEWS, "\nif True: pass\n"),
        "test_the_style_is_good",
    ),
    Mutation(
        45,
        "wrong-type",
        replace(FORMS, "class SignIn", "NAME: str = 1\n\n\nclass SignIn"),
        "test_types_are_strict_and_right",
    ),
    Mutation(
        45,
        "names-not-linted",
        replace(PYPROJECT, '    "N",\n', ""),
        "test_bad_style_is_refused",
    ),
    Mutation(
        45,
        "template",
        append("templates/404.html", '<p style="top:0">Red</p>\n'),
        "test_the_style_is_good",
    ),
    # Static analyser
    Mutation(47, "eval", append(VIEWS, "\neval(input())\n"), "test_there_is_no_hole"),
    Mutation(
        47,
        "rules-dropped",
        replace(PYPROJECT, '    "S",\n', ""),
        "test_a_hole_is_refused",
    ),
    Mutation(
        47,
        "text-that-is-not-escaped",
        append("templates/404.html", "{{ request.path|safe }}\n"),
        "test_every_template_escapes",
    ),
    # django-extensions
    Mutation(
        52,
        "not-installed",
        replace("config/settings/local.py", '    "django_extensions",\n', ""),
        "test_every_url_is_shown_with_its_view",
    ),
    Mutation(
        52,
        "broken-template",
        append("templates/404.html", "{% nothing %}\n"),
        "test_every_template_is_valid",
    ),
    # No threads or processes in views
    Mutation(
        66,
        "thread-in-a-view",
        append(VIEWS, "\nimport threading\n"),
        "test_nothing_starts_a_thread_or_a_process",
    ),
    Mutation(
        66,
        "rule-dropped",
        replace(PYPROJECT, '"threading".msg', '"threads".msg'),
        "test_a_view_that_starts_a_thread_or_a_process_is_refused",
    ),
    # Simple lambdas
    Mutation(
        70,
        "nested-lambda",
        append(VIEWS, "\nADD = (lambda a: lambda b: a + b,)\n"),
        "test_every_lambda_is_simple",
    ),
    Mutation(
        70,
        "rule-dropped",
        replace(PYPROJECT, '    "E501",', '    "E731",\n    "E501",'),
        "test_a_lambda_with_a_name_is_refused",
    ),
]
