"""What stands in front: https, the cache of pages, the numbers of nginx."""

from tests.mutations import Mutation, append, delete, replace

NGINX = "deploy/nginx"
APPLICATION = f"{NGINX}/application.conf"
CACHE = f"{NGINX}/cache.conf"
LIMITS = f"{NGINX}/limits.conf"
PROXY = f"{NGINX}/proxy.conf"
SITE = f"{NGINX}/site.conf"
TLS = f"{NGINX}/tls.conf"
RULES = "deploy/varnish/rules.vcl"
BASE = "config/settings/base.py"
MIDDLEWARE = "apps/core/middleware.py"

MUTATIONS = [
    # Https, and who visits
    Mutation(28, "old-tls", replace(TLS, "TLSv1.2 TLSv1.3", "TLSv1.1 TLSv1.2 TLSv1.3")),
    Mutation(28, "a-weak-cipher", replace(TLS, "ssl_ciphers ", "ssl_ciphers RC4-SHA:")),
    Mutation(28, "tickets", replace(TLS, "_tickets off", "_tickets on")),
    Mutation(
        28,
        "served-over-http",
        replace(SITE, "return 301 https://$host$request_uri;", "include proxy.conf;"),
    ),
    Mutation(
        28,
        "any-name",
        replace(SITE, "return 444;", "include proxy.conf;"),
    ),
    Mutation(
        28,
        "any-certificate",
        replace(SITE, "ssl_reject_handshake on;", "http2_push off;"),
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
        28,
        "the-address-that-visitors-say",
        replace(PROXY, "For $remote_addr", "For $proxy_add_x_forwarded_for"),
    ),
    Mutation(
        28,
        "the-id-that-visitors-say",
        replace(PROXY, "Request-ID $request_id;", "Request-ID $http_x_request_id;"),
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
        28, "not-asked", replace(BASE, '"apps.core.middleware.ProxyHeaders', '# "')
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
        "whatever-cookies",
        replace(
            CACHE,
            "pages;\n    default off;\n}\nmap $http_a",
            "pages;\n    default pages;\n}\nmap $http_a",
        ),
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
    Mutation(54, "of-any-encoding", replace(CACHE, ' $encoding"', '"')),
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
    Mutation(54, "a-parameter-that-is-none", replace(BASE, '    "gclid",\n', "")),
    Mutation(54, "varnish-apart", replace(RULES, "|fbclid|", "|")),
    Mutation(54, "purged-by-visitors", replace(RULES, " || req.http.X-Real-IP", "")),
    Mutation(
        54,
        "a-session-is-public",
        replace(MIDDLEWARE, "settings.SESSION_COOKIE_NAME in request.COOKIES", "False"),
    ),
    Mutation(
        54,
        "private-but-shown-when-stale",
        replace(MIDDLEWARE, "(s-maxage|stale-.*)=.*", "(s-maxage)=.*"),
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
        62, "closed-each-time", replace(PROXY, 'Connection ""', "Connection close")
    ),
    Mutation(
        62,
        "more-connections-than-files",
        replace(f"{NGINX}/nginx.conf", "connections 32768", "connections 65536"),
    ),
    Mutation(
        62, "slow-headers", replace(LIMITS, "header_timeout 15s", "header_timeout 600s")
    ),
    Mutation(
        62,
        "passwords-at-any-rate",
        replace(LIMITS, "accounts/(?:sign-in|", "accounts/(?:"),
    ),
    Mutation(
        62,
        "one-limit-for-all",
        replace(LIMITS, "limit_req_zone $costly_form", "limit_req_zone $server_name"),
    ),
    Mutation(
        62,
        "as-many-as-addresses",
        replace(LIMITS, '$" $network;', '$" $binary_remote_addr;'),
    ),
    Mutation(
        62, "no-limit-of-connections", replace(LIMITS, "limit_conn visitors 256;", "")
    ),
    Mutation(
        62,
        "a-hole",
        replace(APPLICATION, "root /srv;\n    gzip", "alias /srv/static;\n    gzip"),
    ),
    Mutation(
        62, "the-version", replace(f"{NGINX}/nginx.conf", "tokens off", "tokens on")
    ),
    Mutation(
        62,
        "the-query-in-the-log",
        replace(f"{NGINX}/log.conf", '"path":"$logged_path"', '"path":"$request_uri"'),
    ),
    Mutation(
        62,
        "tokens-in-the-log",
        replace(f"{NGINX}/log.conf", "[0-9a-z]{6,7}-[0-9a-f]{32}", "[0-9a-z]{60}"),
    ),
    Mutation(
        62,
        "every-file-for-ever",
        replace(CACHE, 'default "public, max-age=60"', 'default "public, immutable"'),
    ),
    Mutation(
        62,
        "no-page-when-it-is-down",
        replace(APPLICATION, "error_page 502 504 =503 /503.html;", ""),
    ),
    Mutation(62, "no-such-page", delete(f"{NGINX}/pages/429.html")),
]
