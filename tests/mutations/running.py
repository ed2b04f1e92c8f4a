"""How it runs: the database, the cache, what is sent, what is logged, what is refused."""

from tests.mutations import Mutation, append, delete, replace

BASE = "config/settings/base.py"
DATABASES = "plinth/src/plinth/database/settings.py"
LOCAL = "config/settings/local.py"
PRODUCTION = "config/settings/production.py"
MIDDLEWARE = "plinth/src/plinth/http/middleware.py"


def moved_to_the_end(middleware: str) -> str:
    """The line of a middleware, to be added after all the others."""
    return f'MIDDLEWARE += [MIDDLEWARE.pop(MIDDLEWARE.index("{middleware}"))]\n'


MUTATIONS = [
    Mutation(
        4,
        "kept-under-asgi",
        replace("config/asgi.py", 'os.environ["CONN_MAX_AGE"] = "0"', ""),
        "test_a_connection_is_kept_only_where_a_thread_finds_it_again",
    ),
    Mutation(
        4,
        "kept-beside-a-pool",
        replace(DATABASES, '0 if "pool" in', '60 if "pool" in'),
        "test_a_connection_is_kept_only_where_a_thread_finds_it_again",
    ),
    Mutation(
        5,
        "no-lock-timeout",
        replace(DATABASES, " -c lock_timeout", " -c a"),
        "test_postgresql_limits_what_a_connection_may_do",
    ),
    Mutation(
        5,
        "readers-wait",
        replace(DATABASES, "PRAGMA journal_mode=WAL; ", ""),
        "test_sqlite_lets_readers_and_one_writer_work_together",
    ),
    Mutation(
        14,
        "errors-stop-pages",
        replace(BASE, 'EXCEPTIONS": alias != "locks"', 'EXCEPTIONS": False'),
        "test_a_cache_that_hangs_costs_a_page_seconds_and_no_error",
    ),
    Mutation(
        14,
        "no-time-out",
        replace(BASE, '"SOCKET_TIMEOUT": 1', '"SOCKET_TIMEOUT": None'),
        "test_a_cache_that_hangs_costs_a_page_seconds_and_no_error",
    ),
    Mutation(
        16,
        "in-the-database",
        replace(BASE, '"cached_db" if redis_urls["sessions"]', '"db" if 1'),
        "test_a_session_in_memory_asks_the_database_nothing",
    ),
    Mutation(
        19,
        "innermost",
        append(BASE, moved_to_the_end("plinth.http.compression.CompressionMiddleware")),
        "test_middleware_is_in_order",
    ),
    Mutation(
        19,
        "one-cached-for-all",
        replace(
            MIDDLEWARE, 'patch_vary_headers(response, ["Accept-Encoding"])', "pass"
        ),
        "test_a_page_comes_in_the_best_coding_that_the_browser_reads",
    ),
    Mutation(
        19,
        "length-tells",
        replace(
            MIDDLEWARE, "    smallest =", "    max_random_bytes = 0\n    smallest ="
        ),
        "test_a_secret_cannot_be_guessed_from_the_length",
    ),
    Mutation(
        25,
        "not-in-tests",
        replace("tests/conftest.py", "with zeal_context():", "if True:"),
        "test_a_query_for_each_row_fails_its_test",
    ),
    Mutation(
        25,
        "not-in-local",
        replace(LOCAL, '    "zeal.middleware.zeal_middleware",', ""),
        "test_a_query_for_each_row_stops_the_page_in_local",
    ),
    Mutation(
        29,
        "in-production",
        append(PRODUCTION, 'INSTALLED_APPS += ["debug_toolbar"]\n'),
        "test_production_has_none_of_a_developers_tools",
    ),
    Mutation(
        29,
        "not-in-local",
        replace(LOCAL, '"debug_toolbar.middleware.DebugToolbarMiddleware",', ""),
        "test_the_debug_toolbar_works_within_the_policy",
    ),
    Mutation(
        36,
        "sqlite-will-do",
        replace(
            "plinth/src/plinth/practices/probes.py",
            'return stand_in("SQLite',
            'return on("SQLite',
        ),
        "test_only_postgresql_is_a_database_for_production",
    ),
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
        39,
        "a-secret-in-git",
        replace(".gitignore", ".env\n", ""),
        "test_git_ignores_the_secrets",
    ),
    Mutation(
        39,
        "not-in-the-example",
        replace(".env.example", "# DATABASE_LOCK_TIMEOUT=10", ""),
        "test_every_variable_is_in_the_example",
    ),
    Mutation(
        39,
        "secrets-that-break-urls",
        replace("Makefile", "secrets.token_urlsafe(50)", '"#?$$" * 20'),
        "test_each_secret_is_made_at_the_first_start_and_kept",
    ),
    Mutation(
        39,
        "committed-secrets-pass",
        replace(".pre-commit-config.yaml", "user:password@", "."),
        "test_a_secret_does_not_get_into_a_commit",
    ),
    Mutation(
        57,
        "no-policy",
        replace(BASE, '"django.middleware.csp.Content', "#"),
        "test_a_page_says_what_browsers_may_do_with_it",
    ),
    Mutation(
        57,
        "an-exception",
        replace(
            BASE, '"style-src": [*assets', '"style-src": [CSP.UNSAFE_INLINE, *assets'
        ),
        "test_a_page_says_what_browsers_may_do_with_it",
    ),
    Mutation(
        57,
        "no-hsts",
        replace(PRODUCTION, "default=3600", "default=0"),
        "test_production_insists_on_https_and_closes_its_cookies",
    ),
    Mutation(
        67,
        "libraries-silenced",
        replace(BASE, '_existing_loggers": False', '_existing_loggers": True'),
        "test_a_line_of_production_is_json_that_tells_the_request",
    ),
    Mutation(
        67,
        "not-json",
        replace(PRODUCTION, '= "json"', '= "readable"'),
        "test_a_line_of_production_is_json_that_tells_the_request",
    ),
    Mutation(
        67,
        "the-query-too",
        replace(MIDDLEWARE, "request.path.encode", "request.get_full_path().encode"),
        "test_a_line_of_production_is_json_that_tells_the_request",
    ),
    Mutation(
        67,
        "a-query-for-the-user",
        replace(MIDDLEWARE, "isinstance(user, LazyObject)", "isinstance(user, str)"),
        "test_a_user_is_named_by_id_where_the_page_asked_who_it_is",
    ),
    Mutation(
        67,
        "a-persons-address",
        replace(
            MIDDLEWARE, 'getattr(user, "pk", None)', 'getattr(user, "email", None)'
        ),
        "test_a_user_is_named_by_id_where_the_page_asked_who_it_is",
    ),
    Mutation(
        72,
        "taken-silently",
        replace(PRODUCTION, 'faults.append("DEBUG is on")', "pass"),
        "test_a_bad_start_is_refused_in_one_line",
    ),
    Mutation(
        72,
        "debug-by-variable",
        replace(PRODUCTION, "DEBUG = False", "DEBUG = True"),
        "test_the_deployment_checks_are_clean",
    ),
]
