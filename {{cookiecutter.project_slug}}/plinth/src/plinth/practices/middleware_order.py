"""The order that middleware needs: which has to be above which, and what breaks otherwise."""

LOG = "plinth.logs.middleware.RequestLogMiddleware"
PROXY = "plinth.http.proxies.ProxyHeadersMiddleware"
HEALTH = "plinth.health.middleware.HealthMiddleware"
METRICS = "plinth.metrics.middleware.MetricsMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
FILES = "whitenoise.middleware.WhiteNoiseMiddleware"
COMPRESSION = "plinth.http.compression.CompressionMiddleware"
PRIVACY = "plinth.http.privacy.SessionPrivacyMiddleware"
POLICY = "django.middleware.csp.ContentSecurityPolicyMiddleware"
REPLICA = "plinth.database.middleware.ReplicaMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
BODY = "plinth.http.uploads.LargeBodyMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
USER = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"

# The outer, the inner, and what happens in the other order.
ORDER = [
    (LOG, HEALTH, "a health check has no request id and no log line"),
    (LOG, PROXY, "a request that fails there has no request id and no log line"),
    (PROXY, HEALTH, "health checks see the proxy's IP instead of the client's"),
    (PROXY, SECURITY, "any client can claim that it uses https"),
    (HEALTH, METRICS, "health checks count as requests, and improve every average"),
    (METRICS, COMPRESSION, "the time for compression is not counted"),
    (HEALTH, SECURITY, "a health check over http is redirected to https"),
    (HEALTH, COMMON, "a health check by IP address is refused as a wrong host"),
    (SECURITY, FILES, "static files are served without HSTS, and over http"),
    (FILES, COMPRESSION, "static files are compressed for each request"),
    (FILES, SESSION, "a static file costs as much as a page"),
    (COMPRESSION, COMMON, "Content-Length is that of the uncompressed body"),
    (COMPRESSION, SESSION, "compressed responses lack Vary: Cookie"),
    (POLICY, SESSION, "a response of an outer middleware has no policy"),
    (REPLICA, SESSION, "a session that was just written is read from a replica"),
    (PRIVACY, SESSION, "a response that sets a session cookie is public"),
    (PRIVACY, CSRF, "a response that sets a CSRF cookie is public"),
    (PRIVACY, MESSAGES, "a response that sets a message cookie is public"),
    (SESSION, LOCALE, "the language of the session is not known"),
    (SESSION, CSRF, "a CSRF token in the session cannot be read"),
    (SESSION, USER, "request.user cannot be read from the session"),
    (LOCALE, COMMON, "APPEND_SLASH does not know the language prefix of a URL"),
    (COMMON, CSRF, "a form without its slash fails instead of being redirected"),
    (BODY, CSRF, "a body is parsed before it is refused as too large"),
    (SESSION, MESSAGES, "a message that is too large for a cookie is lost"),
]
