"""Production: what is missing stops the start, and nothing has an unsafe default."""

from plinth.env import fail

from .base import *

# EMAIL_URL of a mail server on the same host: smtp://localhost:25
env.require("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "EMAIL_URL")

DEBUG = False
if env.bool("DEBUG", default=False):
    fail("DEBUG", "false in production")

# Names with a hash of the content, so that caches may store a file for a year or longer.
STORAGES["staticfiles"] = {
    "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
}
# Served by WhiteNoise, or by the CDN from the bucket, where publish_static uploads them.
STATIC_STORAGE = env.choice(
    "STATIC_STORAGE", "whitenoise", "bucket", default="whitenoise"
)
if STATIC_STORAGE == "bucket":
    if not (CDN_DOMAIN and MEDIA_ORIGIN):
        fail("STATIC_STORAGE", "whitenoise, unless CDN_DOMAIN and a bucket are set")
    MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")

# nginx or the load balancer terminates TLS and sets this header on every request; it is
# trusted from TRUSTED_PROXIES only.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# The prefix keeps other subdomains and plain-http pages from setting them.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
# Seconds. Browsers remember it: raise it in steps to an hour, a day, a year (31536000).
# With a year and the preload flag, the domain qualifies for the list that browsers ship,
# where removal takes months.
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", default=3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True
)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)

LOGGING["handlers"]["console"]["formatter"] = "json"
