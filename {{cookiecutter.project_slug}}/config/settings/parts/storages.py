"""Static and uploaded files: local disk, or a bucket and a CDN: docs/cdn.md."""

from config.settings.environment import BASE_DIR, env
from plinth.storage.settings import uploads

CDN_DOMAIN = env.host("CDN_DOMAIN")

# The path below which the site is, as in /shop; gunicorn reads the variable too.
FORCE_SCRIPT_NAME = env.path("SCRIPT_NAME") or None

origin = f"https://{CDN_DOMAIN}" if CDN_DOMAIN else FORCE_SCRIPT_NAME or ""
STATIC_URL = f"{origin}/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

MEDIA_URL = f"{origin}/media/"
MEDIA_ROOT = BASE_DIR / "media"

# `default` is private, so that a forgotten `storage=` publishes nothing; `public` is for
# the CDN. The variable that names a bucket chooses its provider.
UPLOADS = uploads(env, private=BASE_DIR / "private", cdn_domain=CDN_DOMAIN)
STORAGES = {
    **UPLOADS.storages,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The bucket's own origin, and for how many seconds a URL of a public file is signed; 0
# means that it is not.
MEDIA_ORIGIN = UPLOADS.origin
MEDIA_SIGNED_FOR = UPLOADS.signed_for
