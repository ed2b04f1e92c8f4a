"""Production settings: a missing variable stops the start, and no default is unsafe."""

from plinth.storage.settings import static_storage

from .base import *

STORAGES["staticfiles"], required = static_storage(env, CDN_DOMAIN, MEDIA_ORIGIN)
env.require_production(
    SECRET_KEY=SECRET_KEY,
    ALLOWED_HOSTS=ALLOWED_HOSTS,
    DATABASE_URL=env("DATABASE_URL"),
    # A mail server on the same host: smtp://localhost:25
    EMAIL_URL=env("EMAIL_URL"),
    **required,
)
if required:
    # The CDN serves static files from the bucket.
    MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")

DEBUG = False

# The proxy terminates TLS, and sets this header on every request. It is trusted from
# TRUSTED_PROXIES only.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# The prefix keeps other subdomains and plain-http pages from setting them.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
# Seconds. Browsers remember it: raise it in steps to an hour, a day, a year (31536000).
# With a year and the preload flag, anybody can submit the domain to the list that
# browsers ship, and removal takes months.
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", default=3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True
)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)

LOGGING["handlers"]["console"]["formatter"] = "json"
