"""What stands in front: https, the cache of pages, the numbers of nginx."""

from tests.mutations import Mutation, replace

NGINX = "deploy/nginx"
APPLICATION = f"{NGINX}/application.conf"
CACHE = f"{NGINX}/cache.conf"
LIMITS = f"{NGINX}/limits.conf"
PROXY = f"{NGINX}/proxy.conf"
SITE = f"{NGINX}/site.conf"
TLS = f"{NGINX}/tls.conf"
RULES = "deploy/varnish/rules.vcl"
MIDDLEWARE = "plinth/src/plinth/http/middleware.py"

MUTATIONS = [
    # Https, and who visits
    Mutation(
        28,
        "served-over-http",
        replace(SITE, "return 301 https://$host$request_uri;", "include proxy.conf;"),
        "test_http_leads_to_https_in_one_step",
    ),
    Mutation(
        28,
        "the-scheme-that-visitors-say",
        replace(PROXY, "Proto $scheme", "Proto $http_x_forwarded_proto"),
        "test_the_application_hears_what_nginx_saw_and_nothing_that_a_visitor_said",
    ),
    Mutation(
        28,
        "health-for-all",
        replace(f"{NGINX}/health.conf", "deny all;", "allow all;"),
        "test_health_is_for_who_is_near",
    ),
    # The cache
    Mutation(
        54,
        "a-session-too",
        replace(CACHE, "|__utm[a-z]+)", "|__utm[a-z]+|__.*)"),
        "test_who_has_a_session_or_a_password_is_not_served_from_the_cache",
    ),
    Mutation(
        54,
        "with-a-password",
        replace(
            CACHE,
            '"" $cache_for_cookies;\n    default off;',
            "default $cache_for_cookies;",
        ),
        "test_who_has_a_session_or_a_password_is_not_served_from_the_cache",
    ),
    Mutation(
        54,
        "of-any-host",
        replace(CACHE, "$scheme://$host", "$scheme://"),
        "test_the_key_has_all_that_a_page_depends_on",
    ),
    Mutation(
        54,
        "cookies-that-are-set",
        replace(
            CACHE, "proxy_ignore_headers Vary", "proxy_ignore_headers Vary Set-Cookie"
        ),
        "test_a_page_is_kept_only_as_long_as_the_application_says",
    ),
    Mutation(
        54,
        "of-any-language",
        replace(
            CACHE, "accept-encoding|cookie", "accept-encoding|accept-language|cookie"
        ),
        "test_what_varies_by_more_than_the_key_has_is_not_kept",
    ),
    Mutation(
        54,
        "gone-with-the-application",
        replace(CACHE, "use_stale error timeout", "use_stale updating"),
        "test_a_page_that_is_kept_stands_in_for_an_application_that_fails",
    ),
    Mutation(
        54,
        "varnish-apart",
        replace(RULES, "|fbclid|", "|"),
        "test_varnish_has_the_same_rules",
    ),
    Mutation(
        54,
        "purged-by-visitors",
        replace(RULES, " || req.http.X-Real-IP", ""),
        "test_nobody_drops_from_varnish_what_is_kept_by_way_of_nginx",
    ),
    # The numbers
    Mutation(
        62,
        "less-patient-than-gunicorn",
        replace(PROXY, "read_timeout 60s", "read_timeout 30s"),
        "test_each_waits_longer_than_the_one_behind_it",
    ),
    Mutation(
        62,
        "passwords-at-any-rate",
        replace(LIMITS, "accounts/(?:sign-in|", "accounts/(?:"),
        "test_forms_that_cost_are_limited_for_each_visitor",
    ),
    Mutation(
        62,
        "as-many-as-addresses",
        replace(LIMITS, '$" $network;', '$" $binary_remote_addr;'),
        "test_a_visitor_is_an_address_or_a_customers_network",
    ),
    Mutation(
        62,
        "a-hole",
        replace(
            APPLICATION,
            "/static/ {\n    root /srv;",
            "/static {\n    alias /srv/static/;",
        ),
        "test_gixy_finds_nothing",
    ),
    Mutation(
        62,
        "the-query-in-the-log",
        replace(f"{NGINX}/log.conf", '"path":"$logged_path"', '"path":"$request_uri"'),
        "test_the_log_has_no_query_and_no_token",
    ),
    Mutation(
        62,
        "no-page-when-it-is-down",
        replace(APPLICATION, "error_page 502 504 =503 /503.html;", ""),
        "test_every_page_of_the_application_ends_for_maintenance",
    ),
]
