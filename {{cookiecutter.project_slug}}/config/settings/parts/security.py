"""Trusted proxies, security headers, passwords; production.py adds https."""

from django.utils.csp import CSP

from config.settings.environment import env
from config.settings.parts.storages import CDN_DOMAIN, MEDIA_ORIGIN, UPLOADS

# The proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted, beside one behind a
# unix socket.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

ASSETS = [CSP.SELF, *([f"https://{CDN_DOMAIN}"] if CDN_DOMAIN else [])]
# The trailing slash allows every path below it.
UPLOADED = [f"{MEDIA_ORIGIN}/"] if MEDIA_ORIGIN else []
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [*ASSETS, CSP.NONCE],
    "style-src": [*ASSETS, CSP.NONCE],
    "img-src": [*ASSETS, *UPLOADED, "data:"],
    "font-src": ASSETS,
    # Direct uploads go from the browser to the bucket.
    "connect-src": [CSP.SELF, *([MEDIA_ORIGIN] if UPLOADS.direct else [])],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "accelerometer": [],
    "camera": [],
    "display-capture": [],
    "geolocation": [],
    "gyroscope": [],
    "magnetometer": [],
    "microphone": [],
    "payment": [],
    "usb": [],
}
# No script reads it: every form carries its token.
CSRF_COOKIE_HTTPONLY = True

PASSWORD_HASHERS = [
    # 19 MiB a hash: every thread of the server may compute one.
    "plinth.accounts.hashers.Argon2PasswordHasher",
    # Verifies hashes of Django's default, and upgrades them at the next sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Seconds that the link of a password reset is valid.
PASSWORD_RESET_TIMEOUT = 60 * 60
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
