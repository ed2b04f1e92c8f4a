"""How it runs: the database, the cache, what is sent, what is logged, what is refused."""

from tests.mutations import Mutation, append, delete, replace

BASE = "config/settings/base.py"
DATABASES = "config/databases.py"
LOCAL = "config/settings/local.py"
PRODUCTION = "config/settings/production.py"
MIDDLEWARE = "apps/core/middleware.py"


def moved_to_the_end(middleware: str) -> str:
    """The line of a middleware, to be added after all the others."""
    return f'MIDDLEWARE += [MIDDLEWARE.pop(MIDDLEWARE.index("{middleware}"))]\n'


MUTATIONS = [
    Mutation(
        4,
        "kept-under-asgi",
        replace("config/asgi.py", 'os.environ["CONN_MAX_AGE"] = "0"', ""),
    ),
    Mutation(
        4, "kept-beside-a-pool", replace(DATABASES, '0 if "pool" in', '60 if "pool" in')
    ),
    Mutation(
        4,
        "dead-ones-not-found",
        replace(DATABASES, '"CONN_HEALTH_CHECKS": True', '"CONN_HEALTH_CHECKS": False'),
    ),
    Mutation(
        4, "one-for-each-request", replace(DATABASES, "default=60)", "default=0)")
    ),
    Mutation(5, "no-lock-timeout", replace(DATABASES, " -c lock_timeout", " -c a")),
    Mutation(
        5,
        "options-instead-of-the-urls",
        replace(DATABASES, ' | database.get("OPTIONS", {})', ""),
    ),
    Mutation(5, "readers-wait", replace(DATABASES, "PRAGMA journal_mode=WAL; ", "")),
    Mutation(
        14,
        "errors-stop-pages",
        replace(BASE, 'EXCEPTIONS": alias != "locks"', 'EXCEPTIONS": False'),
    ),
    Mutation(
        14,
        "no-time-out",
        replace(BASE, '"SOCKET_TIMEOUT": 1', '"SOCKET_TIMEOUT": None'),
    ),
    Mutation(
        14,
        "nobody-hears-of-it",
        replace(BASE, "DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True", "pass"),
    ),
    Mutation(
        16,
        "in-the-database",
        replace(BASE, '"cached_db" if redis_urls["sessions"]', '"db" if 1'),
    ),
    Mutation(19, "dropped", replace(BASE, '"apps.core.middleware.Compres', "#")),
    Mutation(
        19,
        "innermost",
        append(BASE, moved_to_the_end("apps.core.middleware.CompressionMiddleware")),
    ),
    Mutation(
        19, "small-bodies-too", replace(MIDDLEWARE, "smallest = 1024", "smallest = 0")
    ),
    Mutation(
        19,
        "one-cached-for-all",
        replace(
            MIDDLEWARE, 'patch_vary_headers(response, ["Accept-Encoding"])', "pass"
        ),
    ),
    Mutation(
        19,
        "length-tells",
        replace(
            MIDDLEWARE, "    smallest =", "    max_random_bytes = 0\n    smallest ="
        ),
    ),
    Mutation(
        25,
        "not-installed",
        replace("config/settings/test.py", 'INSTALLED_APPS += ["zeal"]', ""),
    ),
    Mutation(
        25,
        "not-in-tests",
        replace("tests/conftest.py", "with zeal_context():", "if True:"),
    ),
    Mutation(
        25, "not-in-local", replace(LOCAL, '    "zeal.middleware.zeal_middleware",', "")
    ),
    Mutation(
        29,
        "in-production",
        append(PRODUCTION, 'INSTALLED_APPS += ["debug_toolbar"]\n'),
    ),
    Mutation(
        29,
        "not-in-local",
        replace(LOCAL, '"debug_toolbar.middleware.DebugToolbarMiddleware",', ""),
    ),
    Mutation(
        36,
        "sqlite-will-do",
        replace(
            "apps/practices/probes.py", 'return stand_in("SQLite', 'return on("SQLite'
        ),
    ),
    Mutation(37, "deleted", delete("apps/core/management/commands/runserver.py")),
    Mutation(
        37,
        "below-staticfiles",
        append(BASE, "INSTALLED_APPS.append(INSTALLED_APPS.pop(0))\n"),
    ),
    Mutation(
        37,
        "in-the-image",
        replace(
            "Dockerfile",
            'CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi"]',
            'CMD ["python", "manage.py", "runserver", "0.0.0.0:8000"]',
        ),
    ),
    Mutation(39, "a-secret-in-git", replace(".gitignore", ".env\n", "")),
    Mutation(
        39,
        "not-in-the-example",
        replace(".env.example", "# DATABASE_LOCK_TIMEOUT=10", ""),
    ),
    Mutation(
        39,
        "secrets-that-break-urls",
        replace("Makefile", "secrets.token_urlsafe(50)", '"#?$$" * 20'),
    ),
    Mutation(
        39,
        "committed-secrets-pass",
        replace(".pre-commit-config.yaml", "user:password@", "."),
    ),
    Mutation(57, "no-policy", replace(BASE, '"django.middleware.csp.Content', "#")),
    Mutation(
        57,
        "an-exception",
        replace(
            BASE, '"style-src": [*assets', '"style-src": [CSP.UNSAFE_INLINE, *assets'
        ),
    ),
    Mutation(
        57,
        "framed-elsewhere",
        replace(BASE, '    "apps.core.middleware.ResourcePolicyMiddleware",', ""),
    ),
    Mutation(57, "no-hsts", replace(PRODUCTION, "default=3600", "default=0")),
    Mutation(
        57,
        "cookies-over-http",
        replace(PRODUCTION, "SESSION_COOKIE_SECURE = True", ""),
    ),
    Mutation(
        65,
        "unlogged-probes",
        append(BASE, moved_to_the_end("apps.core.middleware.RequestLogMiddleware")),
    ),
    Mutation(
        65,
        "one-more-unexplained",
        append(BASE, 'MIDDLEWARE += ["django.middleware.locale.LocaleMiddleware"]\n'),
    ),
    Mutation(
        67,
        "libraries-silenced",
        replace(BASE, '_existing_loggers": False', '_existing_loggers": True'),
    ),
    Mutation(67, "not-json", replace(PRODUCTION, '= "json"', '= "readable"')),
    Mutation(67, "everything", replace(BASE, 'default="INFO"', 'default="DEBUG"')),
    Mutation(
        67,
        "the-query-too",
        replace(MIDDLEWARE, "request.path.encode", "request.get_full_path().encode"),
    ),
    Mutation(
        67,
        "a-query-for-the-user",
        replace(MIDDLEWARE, "isinstance(user, LazyObject)", "isinstance(user, str)"),
    ),
    Mutation(
        67,
        "a-persons-address",
        replace(
            MIDDLEWARE, 'getattr(user, "pk", None)', 'getattr(user, "email", None)'
        ),
    ),
    Mutation(
        72,
        "taken-silently",
        replace(PRODUCTION, 'faults.append("DEBUG is on")', "pass"),
    ),
    Mutation(
        72, "debug-by-variable", replace(PRODUCTION, "DEBUG = False", "DEBUG = True")
    ),
]
