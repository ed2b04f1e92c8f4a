"""Requests and responses: proxies, compression, headers, logs, lazy values."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
COMPRESSION = "plinth/src/plinth/http/compression.py"
LOG = "plinth/src/plinth/logs/middleware.py"
PRODUCTION = "config/settings/production.py"
PROXIES = "plinth/src/plinth/http/proxies.py"
QUERIES = "plinth/src/plinth/logs/queries.py"
SECURITY = "config/settings/parts/security.py"

MUTATIONS = [
    # Compression
    Mutation(
        19,
        "innermost",
        append(
            BASE,
            'MIDDLEWARE += [MIDDLEWARE.pop(MIDDLEWARE.index("plinth.http.compression.'
            'CompressionMiddleware"))]\n',
        ),
        "test_middleware_is_in_order",
    ),
    Mutation(
        19,
        "one-coding-cached-for-all",
        replace(
            COMPRESSION, 'patch_vary_headers(response, ["Accept-Encoding"])', "pass"
        ),
        "test_page_has_the_best_coding_that_the_client_accepts",
    ),
    Mutation(
        19,
        "length-tells",
        replace(
            COMPRESSION, "    smallest =", "    max_random_bytes = 0\n    smallest ="
        ),
        "test_length_does_not_reveal_a_secret",
    ),
    # Lazy values
    Mutation(
        20,
        "translated-at-import",
        append(
            "apps/accounts/models.py",
            "\n\nfrom django.utils.translation import gettext\n\nA = gettext('a')\n",
        ),
        "test_import_translates_reverses_and_queries_nothing",
    ),
    Mutation(
        20,
        "log-loads-the-user",
        replace(LOG, "user._wrapped is empty", "False"),
        "test_user_is_loaded_only_by_a_page_that_uses_it",
    ),
    # Proxies
    Mutation(
        28,
        "every-peer-is-trusted",
        replace(PROXIES, "if name and not is_trusted", "if False"),
        "test_untrusted_peer_can_claim_neither_an_ip_nor_https",
    ),
    Mutation(
        28,
        "first-address",
        replace(PROXIES, "for text in reversed(", "for text in list("),
        "test_client_ip_is_the_last_that_is_no_proxys",
    ),
    # Security headers
    Mutation(
        57,
        "no-policy",
        replace(BASE, '"django.middleware.csp.Content', "#"),
        "test_page_has_security_headers",
    ),
    Mutation(
        57,
        "inline-styles",
        replace(
            SECURITY,
            '"style-src": [*ASSETS',
            '"style-src": [CSP.UNSAFE_INLINE, *ASSETS',
        ),
        "test_page_has_security_headers",
    ),
    Mutation(
        57,
        "no-hsts",
        replace(PRODUCTION, "default=3600", "default=0"),
        "test_production_redirects_to_https_and_secures_cookies",
    ),
    # Logs
    Mutation(
        67,
        "libraries-silenced",
        replace(
            "config/settings/parts/logs.py",
            '_existing_loggers": False',
            '_existing_loggers": True',
        ),
        "test_production_logs_json_lines",
    ),
    Mutation(
        67,
        "not-json",
        replace(PRODUCTION, '= "json"', '= "readable"'),
        "test_production_logs_json_lines",
    ),
    Mutation(
        67,
        "query-string",
        replace(LOG, "request.path.encode", "request.get_full_path().encode"),
        "test_log_line_and_response_have_one_request_id",
    ),
    Mutation(
        67,
        "query-for-the-user",
        replace(LOG, "isinstance(user, LazyObject)", "isinstance(user, str)"),
        "test_log_line_costs_no_query",
    ),
    Mutation(
        67,
        "email-address",
        replace(LOG, 'getattr(user, "pk", None)', 'getattr(user, "email", None)'),
        "test_loaded_user_is_logged_by_id",
    ),
    Mutation(
        67,
        "health-checks-fill-the-log",
        replace(LOG, "return logging.DEBUG if is_healthy else", "return"),
        "test_successful_health_check_is_not_logged",
    ),
    Mutation(
        67,
        "queries-not-counted",
        replace(QUERIES, "            request.count += 1\n", ""),
        "test_line_has_the_view_and_its_queries",
    ),
    Mutation(
        67,
        "parameters-of-a-slow-query",
        replace(QUERIES, "str(sql)[:LENGTH]", "f'{sql} {params}'"),
        "test_slow_request_and_slow_query_are_warnings",
    ),
]
