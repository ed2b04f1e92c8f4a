"""Production: what is missing stops the start, and nothing is left to a default."""

import sys

from .base import *

# What .env.example has in place of a secret, for everybody to read.
PLACEHOLDER = "generated-at-set-up"

required = {
    "SECRET_KEY": SECRET_KEY,
    "ALLOWED_HOSTS": ALLOWED_HOSTS,
    "DATABASE_URL": env("DATABASE_URL"),
    # A server's own: smtp://localhost:25
    "EMAIL_URL": env("EMAIL_URL"),
}
# {% if cookiecutter.media_storage != "local" %}
# The server's own files, or those that publish_static has put into the bucket.
STATIC_STORAGE = env.choice(
    "STATIC_STORAGE", "whitenoise", "bucket", default="whitenoise"
)
if STATIC_STORAGE == "bucket":
    required |= {
        "CDN_DOMAIN (for STATIC_STORAGE=bucket)": CDN_DOMAIN,
        "the bucket's name (for STATIC_STORAGE=bucket)": MEDIA_ORIGIN,
    }
    MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")
# {% endif %}
faults = [f"{name} is missing" for name, value in required.items() if not value]
if SECRET_KEY == PLACEHOLDER:
    faults.append("SECRET_KEY is the example's")
if env.flag("DEBUG", default=False):
    faults.append("DEBUG is on")
if faults:
    sys.exit(f"Production settings refuse to start: {', '.join(faults)}.")

DEBUG = False

# Https: nginx or the load balancer ends it and says so in a header, which it must set
# itself on every request. Nobody but TRUSTED_PROXIES is believed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# A name that no other subdomain and no plain-http page can set.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
# Seconds. Browsers remember: raise it in steps, an hour, a day, a year (31536000). Before
# the year, know that with the preload flag anybody may then put the domain on the list
# that browsers ship, where it stays.
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", default=3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True
)
SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_PRELOAD", default=True)

# The content's hash in the name lets browsers and the CDN keep a file for ever. Whoever
# serves them, they are collected on the disk: their names are known without a network.
STORAGES["staticfiles"] = {
    "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
}

LOGGING["handlers"]["console"]["formatter"] = "json"
