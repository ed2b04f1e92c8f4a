"""How it is written: what linters, hooks and locks hold together."""

from tests.mutations import Mutation, append, delete, replace

BASE = "config/settings/base.py"
FORMS = "apps/accounts/forms.py"
HOOKS = ".pre-commit-config.yaml"
MODELS = "apps/accounts/models.py"
PYPROJECT = "pyproject.toml"
VIEWS = "apps/core/views.py"

MUTATIONS = [
    # No unused apps
    Mutation(
        6,
        "toolbar-in-production",
        replace(BASE, '    "apps.core",\n', '    "apps.core",\n    "debug_toolbar",\n'),
    ),
    Mutation(
        6,
        "package-that-nothing-uses",
        replace(PYPROJECT, '    "whitenoise",', '    "newt",'),
    ),
    Mutation(6, "tool-imported-in-production", append(VIEWS, "import pytest\n")),
    # Lazy values
    Mutation(
        20,
        "translated-at-import",
        append(
            FORMS,
            "\n\nfrom django.utils.translation import gettext\n\nA = gettext('a')\n",
        ),
    ),
    Mutation(
        20,
        "reversed-at-import",
        replace("apps/accounts/views.py", "reverse_lazy", "reverse"),
    ),
    Mutation(20, "text-of-one-language", replace(MODELS, '_("joined")', '"joined"')),
    Mutation(
        20,
        "everybody-looked-up",
        replace(
            "apps/core/context_processors.py",
            '"DEBUG": settings.DEBUG',
            '"DEBUG": settings.DEBUG or request.user.is_staff',
        ),
    ),
    # No print
    Mutation(21, "print-in-a-view", append(VIEWS, '\nprint("here")\n')),
    Mutation(21, "print-with-a-noqa", append(VIEWS, '\nprint("here")  # noqa: T201\n')),
    Mutation(21, "rule-dropped", replace(PYPROJECT, '    "T20",\n', "")),
    # django-model-utils
    Mutation(
        26, "monitors-another-field", replace(MODELS, '="password"', '="last_login"')
    ),
    Mutation(
        26,
        "a-plain-date",
        replace(MODELS, "MonitorField(", "models.DateTimeField(default=timezone.now)#"),
    ),
    # pre-commit and the hooks for Django
    Mutation(
        30, "hook-without-an-entry", replace(HOOKS, "detect-private-key\n", "x\n")
    ),
    Mutation(
        30,
        "hook-that-sees-no-file",
        replace(HOOKS, "types: [toml]", "types: [json]"),
    ),
    Mutation(30, "file-that-a-hook-refuses", append("README.md", "blank \n")),
    Mutation(31, "other-folder", replace(HOOKS, "^templates/", "^pages/")),
    Mutation(
        31, "migrations-unchecked", replace(HOOKS, "--check --dry-run", "--dry-run")
    ),
    # Maintained requirements
    Mutation(38, "stale-export", append("requirements.txt", "left-pad==1.0\n")),
    Mutation(
        38,
        "lock-left-behind",
        replace(PYPROJECT, '"django~=6.1.3"', '"django~=6.0.1"'),
    ),
    Mutation(
        38,
        "tools-of-development-exported",
        replace("Makefile", "--locked --no-dev", "--locked"),
    ),
    # Latest Django
    Mutation(
        40,
        "deprecations-pass",
        replace(PYPROJECT, 'filterwarnings = ["error"]', "filterwarnings = []"),
    ),
    Mutation(
        40,
        "one-class-of-deprecations-passes",
        replace(
            PYPROJECT, '["error"]', '["error", "ignore::PendingDeprecationWarning"]'
        ),
    ),
    Mutation(40, "deprecated-setting", append(BASE, "USE_BLANK_CHOICE_DASH = True\n")),
    Mutation(40, "old-line", replace(PYPROJECT, "django~=6.1.3", "django~=5.2.1")),
    Mutation(
        40, "old-hooks", replace(HOOKS, "--target-version 6.1", "--target-version 5.2")
    ),
    Mutation(40, "nobody-told", delete("renovate.json")),
    # Virtual environments
    Mutation(43, "another-python", replace(".python-version", "3.13", "3.12")),
    Mutation(
        43, "image-without-the-lock", replace("Dockerfile", "sync --locked", "sync")
    ),
    Mutation(
        43,
        "package-that-is-not-locked",
        replace(
            "uv.lock",
            'name = "whitenoise"\nversion = "',
            'name = "whitenoise"\nversion = "1',
        ),
    ),
    # PEP 8
    Mutation(45, "two-on-a-line", append(VIEWS, "\nif True: pass\n")),
    Mutation(45, "not-formatted", append(VIEWS, "\na   =   1\n")),
    Mutation(
        45,
        "wrong-type",
        replace(FORMS, "class SignIn", "NAME: str = 1\n\n\nclass SignIn"),
    ),
    Mutation(
        45, "types-not-strict", replace(PYPROJECT, "strict = true\nplugins", "plugins")
    ),
    Mutation(45, "names-not-linted", replace(PYPROJECT, '    "N",\n', "")),
    Mutation(
        45, "template", append("templates/404.html", '<p style="top:0">Red</p>\n')
    ),
    # Static analyser
    Mutation(47, "eval", append(VIEWS, "\neval(input())\n")),
    Mutation(47, "rules-dropped", replace(PYPROJECT, '    "S",\n', "")),
    Mutation(
        47,
        "own-rule-dropped",
        replace(PYPROJECT, '"django.views.decorators.csrf.csrf_exempt"', '"a.b"'),
    ),
    Mutation(
        47,
        "text-that-is-not-escaped",
        append("templates/404.html", "{{ request.path|safe }}\n"),
    ),
    Mutation(47, "own-rules-lost", delete(".djlint_rules.yaml")),
    # django-extensions
    Mutation(
        52,
        "not-installed",
        replace("config/settings/local.py", '    "django_extensions",\n', ""),
    ),
    Mutation(
        52,
        "in-production",
        replace(
            BASE, '    "apps.core",\n', '    "apps.core",\n    "django_extensions",\n'
        ),
    ),
    Mutation(52, "broken-template", append("templates/404.html", "{% nothing %}\n")),
    # No threads or processes in views
    Mutation(66, "thread-in-a-view", append(VIEWS, "\nimport threading\n")),
    Mutation(66, "process-in-a-view", append(VIEWS, "\nfrom subprocess import run\n")),
    Mutation(
        66, "rule-dropped", replace(PYPROJECT, '"threading".msg', '"threads".msg')
    ),
    Mutation(
        66,
        "rule-off-in-apps",
        replace(PYPROJECT, '"apps/practices/proofs.py" =', '"apps/*" ='),
    ),
    # Simple lambdas
    Mutation(
        70, "nested-lambda", append(VIEWS, "\nADD = (lambda a: lambda b: a + b,)\n")
    ),
    Mutation(
        70,
        "lambda-that-chooses",
        append(VIEWS, "\nKEYS = [lambda a: a.b if a.c else a.d]\n"),
    ),
    Mutation(
        70,
        "rule-dropped",
        replace(PYPROJECT, '    "E501",', '    "E731",\n    "E501",'),
    ),
]
