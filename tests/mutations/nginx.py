"""What stands in front: https, the cache of pages, the numbers of nginx."""

from tests.mutations import Mutation, append, replace

NGINX = "deploy/nginx"
APPLICATION = f"{NGINX}/application.conf"
CACHE = f"{NGINX}/cache.conf"
LIMITS = f"{NGINX}/limits.conf"
PROXY = f"{NGINX}/proxy.conf"
SITE = f"{NGINX}/site.conf"
TLS = f"{NGINX}/tls.conf"
RULES = "deploy/varnish/rules.vcl"
MIDDLEWARE = "apps/core/middleware.py"

MUTATIONS = [
    # Https, and who visits
    Mutation(28, "old-tls", replace(TLS, "TLSv1.2 TLSv1.3", "TLSv1.1 TLSv1.2 TLSv1.3")),
    Mutation(
        28,
        "served-over-http",
        replace(SITE, "return 301 https://$host$request_uri;", "include proxy.conf;"),
    ),
    Mutation(
        28,
        "hsts-twice",
        append(TLS, 'add_header Strict-Transport-Security "max-age=1" always;\n'),
    ),
    Mutation(
        28,
        "the-scheme-that-visitors-say",
        replace(PROXY, "Proto $scheme", "Proto $http_x_forwarded_proto"),
    ),
    Mutation(
        28, "health-for-all", replace(f"{NGINX}/health.conf", "deny all;", "allow all;")
    ),
    Mutation(
        28, "everybody-is-believed", replace(MIDDLEWARE, "if peer and not", "if not")
    ),
    Mutation(
        28,
        "the-first-address",
        replace(MIDDLEWARE, "for said in reversed(", "for said in list("),
    ),
    Mutation(
        28,
        "https-by-anybody",
        replace(MIDDLEWARE, '        "HTTP_X_FORWARDED_PROTO",\n', ""),
    ),
    Mutation(
        28,
        "a-proxy-is-anybody",
        replace("apps/practices/probes.py", ".prefixlen == 0", ".prefixlen < 0"),
    ),
    # The cache
    Mutation(
        54, "a-session-too", replace(CACHE, "|__utm[a-z]+)", "|__utm[a-z]+|__.*)")
    ),
    Mutation(
        54,
        "with-a-password",
        replace(
            CACHE,
            '"" $cache_for_cookies;\n    default off;',
            "default $cache_for_cookies;",
        ),
    ),
    Mutation(54, "of-any-host", replace(CACHE, "$scheme://$host", "$scheme://")),
    Mutation(
        54,
        "cookies-that-are-set",
        replace(
            CACHE, "proxy_ignore_headers Vary", "proxy_ignore_headers Vary Set-Cookie"
        ),
    ),
    Mutation(
        54,
        "of-any-language",
        replace(
            CACHE, "accept-encoding|cookie", "accept-encoding|accept-language|cookie"
        ),
    ),
    Mutation(54, "for-long", append(CACHE, "proxy_cache_valid any 10m;\n")),
    Mutation(
        54,
        "gone-with-the-application",
        replace(CACHE, "use_stale error timeout", "use_stale updating"),
    ),
    Mutation(54, "once-for-each-advertisement", replace(CACHE, "|gclid|", "|")),
    Mutation(54, "varnish-apart", replace(RULES, "|fbclid|", "|")),
    Mutation(54, "purged-by-visitors", replace(RULES, " || req.http.X-Real-IP", "")),
    Mutation(
        54,
        "a-session-is-public",
        replace(MIDDLEWARE, "settings.SESSION_COOKIE_NAME in request.COOKIES", "False"),
    ),
    # The numbers
    Mutation(
        62,
        "less-patient-than-gunicorn",
        replace(PROXY, "read_timeout 60s", "read_timeout 30s"),
    ),
    Mutation(
        62,
        "kept-longer-than-by-gunicorn",
        replace(f"{NGINX}/upstream.conf", "timeout 30s", "timeout 90s"),
    ),
    Mutation(
        62,
        "more-connections-than-files",
        replace(f"{NGINX}/nginx.conf", "connections 32768", "connections 65536"),
    ),
    Mutation(
        62,
        "passwords-at-any-rate",
        replace(LIMITS, "accounts/(?:sign-in|", "accounts/(?:"),
    ),
    Mutation(
        62,
        "as-many-as-addresses",
        replace(LIMITS, '$" $network;', '$" $binary_remote_addr;'),
    ),
    Mutation(
        62,
        "a-hole",
        replace(
            APPLICATION,
            "/static/ {\n    root /srv;",
            "/static {\n    alias /srv/static/;",
        ),
    ),
    Mutation(
        62,
        "the-query-in-the-log",
        replace(f"{NGINX}/log.conf", '"path":"$logged_path"', '"path":"$request_uri"'),
    ),
    Mutation(
        62,
        "no-page-when-it-is-down",
        replace(APPLICATION, "error_page 502 504 =503 /503.html;", ""),
    ),
]
