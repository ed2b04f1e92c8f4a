"""The project's local settings, with the pages of urls.py."""

from importlib import import_module

local = vars(import_module("config.settings.local"))
globals().update({name: local[name] for name in local if name.isupper()})

# Without what the project has added.
MIDDLEWARE = [
    path
    for path in local["MIDDLEWARE"]
    if path.startswith(
        (
            "allauth.",
            "debug_toolbar.",
            "django.middleware.",
            "django.contrib.",
            "plinth.",
        )
    )
    and not path.endswith((".LocaleMiddleware", ".LoginRequiredMiddleware"))
]
ROOT_URLCONF = "plinth_tests.profiling.urls"
CSRF_FAILURE_VIEW = "plinth_tests.site.error"
