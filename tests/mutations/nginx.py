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
        "test_http_redirects_to_https",
    ),
    Mutation(
        28,
        "the-scheme-that-visitors-say",
        replace(PROXY, "Proto $scheme", "Proto $http_x_forwarded_proto"),
        "test_forwarded_headers_come_from_nginx_only",
    ),
    Mutation(
        28,
        "health-for-all",
        replace(f"{NGINX}/health.conf", "deny all;", "allow all;"),
        "test_health_is_for_private_networks",
    ),
    # The cache
    Mutation(
        54,
        "a-session-too",
        replace(CACHE, "|__utm[a-z]+)", "|__utm[a-z]+|__.*)"),
        "test_session_or_authorization_bypasses_the_cache",
    ),
    Mutation(
        54,
        "with-a-password",
        replace(
            CACHE,
            '"" $cache_for_cookies;\n    default off;',
            "default $cache_for_cookies;",
        ),
        "test_session_or_authorization_bypasses_the_cache",
    ),
    Mutation(
        54,
        "of-any-host",
        replace(CACHE, "$scheme://$host", "$scheme://"),
        "test_cache_key_has_host_uri_method_and_encoding",
    ),
    Mutation(
        54,
        "cookies-that-are-set",
        replace(
            CACHE, "proxy_ignore_headers Vary", "proxy_ignore_headers Vary Set-Cookie"
        ),
        "test_application_alone_sets_the_lifetime",
    ),
    Mutation(
        54,
        "of-any-language",
        replace(
            CACHE, "accept-encoding|cookie", "accept-encoding|accept-language|cookie"
        ),
        "test_response_that_varies_by_more_than_the_key_is_not_cached",
    ),
    Mutation(
        54,
        "gone-with-the-application",
        replace(CACHE, "use_stale error timeout", "use_stale updating"),
        "test_stale_page_is_served_while_the_application_fails",
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
        "test_purge_through_nginx_is_refused",
    ),
    # The numbers
    Mutation(
        62,
        "less-patient-than-gunicorn",
        replace(PROXY, "read_timeout 60s", "read_timeout 30s"),
        "test_each_timeout_is_longer_than_the_next_servers",
    ),
    Mutation(
        62,
        "passwords-at-any-rate",
        replace(LIMITS, "accounts/(?!sign-out/)|", ""),
        "test_costly_forms_are_rate_limited_per_client",
    ),
    Mutation(
        62,
        "large-bodies-of-strangers",
        replace(LIMITS, "__Host-sessionid=[^;]", "__Host-"),
        "test_large_bodies_need_a_session",
    ),
    Mutation(
        62,
        "sent-to-the-next-worker",
        replace(PROXY, "next_upstream off", "next_upstream error timeout"),
        "test_request_is_sent_to_the_application_once",
    ),
    Mutation(
        62,
        "as-many-as-addresses",
        replace(LIMITS, '$" $network;', '$" $binary_remote_addr;'),
        "test_client_is_an_ipv4_address_or_an_ipv6_network",
    ),
    Mutation(
        62,
        "a-hole",
        replace(
            APPLICATION,
            "/static/ {\n    root /srv;",
            "/static {\n    alias /srv/static/;",
        ),
        "test_gixy_finds_no_security_issue",
    ),
    Mutation(
        62,
        "the-query-in-the-log",
        replace(f"{NGINX}/log.conf", '"path":"$logged_path"', '"path":"$request_uri"'),
        "test_log_has_no_query_string_and_no_token",
    ),
    Mutation(
        62,
        "no-page-when-it-is-down",
        replace(APPLICATION, "error_page 500 502 504 =503 /503.html;", ""),
        "test_maintenance_mode_covers_every_proxied_page",
    ),
]
