"""How code is written: what linters, hooks and locks hold together."""

from tests.mutations import Mutation, delete, replace

BASE = "config/settings/base.py"
HOOKS = "plinth/pre-commit.yaml"
LOCAL = "config/settings/local.py"
MODELS = "plinth/src/plinth/accounts/models.py"
PROFILING = "plinth/src/plinth/profiling"
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
    # Profile
    Mutation(
        23,
        "own-time-is-the-outermost-functions",
        replace(
            f"{PROFILING}/flame_graph.py",
            "functions[frames[-1]]",
            "functions[frames[0]]",
        ),
        "test_hot_function_leads_the_table_and_is_in_the_flame_graph",
    ),
    Mutation(
        23,
        "tree-of-calls",
        replace(
            f"{PROFILING}/flame_graph.py",
            '{viewMode:"timeline"}',
            '{viewMode:"call-stack"}',
        ),
        "test_flame_graph_needs_no_other_file",
    ),
    Mutation(
        23,
        "tools-in-the-graph",
        replace(
            f"{PROFILING}/settings/site.py",
            'MIDDLEWARE = without_tools(project["MIDDLEWARE"])',
            'MIDDLEWARE = project["MIDDLEWARE"]',
        ),
        "test_tools_of_development_are_not_in_a_profile",
    ),
    Mutation(
        23,
        "profile-of-an-error-page",
        replace(f"{PROFILING}/pages.py", 'not self.status.startswith("200 ")', "False"),
        "test_page_without_a_profile_is_one_line_and_an_error",
    ),
    Mutation(
        23,
        "session-stays",
        replace(f"{PROFILING}/pages.py", "session.delete()", "session.save()"),
        "test_user_is_signed_in_for_the_profile_only",
    ),
    Mutation(
        23,
        "profiles-for-everybody",
        replace(
            f"{PROFILING}/middleware.py", "user.is_active and user.is_staff", "True"
        ),
        "test_query_parameter_profiles_a_page_for_staff",
    ),
    Mutation(
        23,
        "graph-is-blocked",
        replace(f"{PROFILING}/middleware.py", "@csp_override(POLICY)\n", ""),
        "test_profile_in_local_settings_works_within_the_policy",
    ),
    Mutation(
        23,
        "profiled-in-production",
        replace(
            f"{PROFILING}/__main__.py",
            "if not import_module(project).DEBUG",
            "if False",
        ),
        "test_production_has_no_profiles",
    ),
    # django-silk
    Mutation(
        24,
        "always-records",
        replace(LOCAL, '"SILK", default=False', '"SILK", default=True'),
        "test_silk_is_not_imported_without_its_switch",
    ),
    Mutation(
        24,
        "records-in-production",
        replace(BASE, "if REDIS_URL:\n", 'INSTALLED_APPS += ["silk"]\nif REDIS_URL:\n'),
        "test_production_has_no_silk_with_the_switch_either",
    ),
    Mutation(
        24,
        "records-without-end",
        replace(f"{PROFILING}/silk.py", 'REQUESTS": 1_000', 'REQUESTS": 1_000_000_000'),
        "test_records_are_bounded",
    ),
    Mutation(
        24,
        "bodies-of-any-size",
        replace(f"{PROFILING}/silk.py", 'BODY_SIZE": 100_000', 'BODY_SIZE": -1'),
        "test_records_are_bounded",
    ),
    Mutation(
        24,
        "compressed-bodies",
        replace(f"{PROFILING}/silk.py", "META.pop(", "META.get("),
        "test_requests_are_recorded_with_their_queries",
    ),
    Mutation(
        24,
        "pages-that-do-not-work",
        replace(f"{PROFILING}/silk_urls.py", "csp_override(POLICY)(", "("),
        "test_requests_are_recorded_with_their_queries",
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
    Mutation(
        47,
        "audit-without-an-answer-passes",
        replace(TARGETS, 'cut -c1-300)" >&2; exit 2', 'cut -c1-300)" >&2'),
        "test_audit_without_a_result_fails_with_one_line",
    ),
    Mutation(
        47,
        "vulnerabilities-pass",
        replace(TARGETS, "&& exit $$code", "&& exit 0"),
        "test_audit_ends_with_its_result",
    ),
    Mutation(
        47,
        "quality-gate-is-not-awaited",
        replace(TARGETS, " qualitygate.wait=true", ""),
        "test_sonar_analyses_the_folders_of_the_project",
    ),
    # django-extensions
    Mutation(
        52,
        "not-in-local",
        replace(LOCAL, '    "django_extensions",\n', ""),
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
