"""Settings of every environment; local, test and production each start from here.

What differs between two installations is an environment variable: .env.example.
"""

from typing import Any

# {% if cookiecutter.sign_up %}
from config.settings.parts.accounts import *

# {% endif %}
from .environment import *
from .parts.caches import *
from .parts.databases import *
from .parts.errors import *
from .parts.logs import *
from .parts.mail import *
from .parts.security import *
from .parts.storages import *

# {% if cookiecutter.use_celery %}
# Celery
from .parts.tasks import *

# {% endif %}
# {% if cookiecutter.rest_api != "none" %}
# API
from .parts.web_api import *

# {% endif %}
# Identity

SITE_NAME = env(
    "SITE_NAME",
    default="{{ cookiecutter.project_name }}",
)
SITE_DESCRIPTION = env(
    "SITE_DESCRIPTION",
    default="{{ cookiecutter.description }}",
)
SECURITY_CONTACT = env.email(
    "SECURITY_CONTACT",
    default="{{ cookiecutter.author_email }}",
)

SECRET_KEY = env("SECRET_KEY")
# Previous keys, while the sessions and links that they signed expire.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# With a second one, its pages are below its code, /de/, and each page links to the others.
LANGUAGES = [("en", "English")]  # ("de", "Deutsch") is complete
LOCALE_PATHS = [BASE_DIR / "locale"]

# Apps

INSTALLED_APPS = [
    # Above staticfiles: plinth's runserver command refuses to start without DEBUG.
    "plinth",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",
    # {% if cookiecutter.rest_api == "drf" %}
    "drf_spectacular_sidecar",
    "rest_framework",
    # {% endif %}
    # {% if cookiecutter.rest_api == "ninja" %}
    "ninja",
    # {% endif %}
    # {% if cookiecutter.rest_api != "none" %}
    "plinth.api",
    # {% endif %}
    "plinth.mail",
    "plinth.practices",
    # {% if cookiecutter.use_celery %}
    "plinth.tasks",
    # {% endif %}
    # {% if cookiecutter.sign_up %}
    *SIGN_UP_APPS,
    # {% endif %}
    "apps.accounts",
    "apps.pages",
    # {% if cookiecutter.example_app %}
    "apps.catalog",
    # {% endif %}
]
if REDIS_URL:
    INSTALLED_APPS += ["cachalot"]

MIDDLEWARE = [
    # First, so that every later log line has the request id.
    "plinth.logs.middleware.RequestLogMiddleware",
    # Above every middleware that reads the client's IP or the scheme.
    "plinth.http.proxies.ProxyHeadersMiddleware",
    # Load balancers probe by IP over http: above the checks of host and https.
    "plinth.health.middleware.HealthMiddleware",
    # Off without METRICS_BIND. Above what a page's duration includes.
    "plinth.metrics.middleware.MetricsMiddleware",
    # Off with one language. Above all middleware that responds with text.
    "plinth.http.languages.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Above compression: collectstatic has compressed the static files.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Above every middleware that changes a body or computes its ETag.
    "plinth.http.compression.CompressionMiddleware",
    "plinth.http.privacy.ResourcePolicyMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "plinth.http.privacy.SessionPrivacyMiddleware",
    # {% if cookiecutter.rest_api != "none" %}
    # Preflight requests end here; below it, all errors of the API are problem+json.
    "corsheaders.middleware.CorsMiddleware",
    "plinth.api.middleware.ApiMiddleware",
    # {% endif %}
    # Above every middleware that may write, the session included.
    "plinth.database.middleware.ReplicaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Above CSRF, which parses the body.
    "plinth.http.uploads.LargeBodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "plinth.http.time_zones.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # {% if cookiecutter.sign_up %}
    # allauth needs the request. Neither of the two reads the session of an anonymous page.
    "allauth.account.middleware.AccountMiddleware",
    "plinth.sign_up.middleware.SignUpMiddleware",
    # {% endif %}
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "plinth.http.context_processors.site",
            ],
            # Every page is translatable.
            "builtins": ["django.templatetags.i18n"],
        },
    },
]
# templates/ may override the templates of forms and widgets.
FORM_RENDERER = "plinth.forms.FormRenderer"
CSRF_FAILURE_VIEW = "plinth.http.errors.csrf_failure"

# Accounts

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "accounts:profile"
LOGOUT_REDIRECT_URL = "pages:home"

# Settings of the checks practices.W044 and W032, and of Zeal

# "class", "function", or None for no check.
VIEW_STYLE = "class"
# More unsquashed migrations than this in one app are a warning; ones older than this, an info.
SQUASH_MIGRATIONS_AFTER = 20
SQUASH_MIGRATIONS_DAYS = 365
# Zeal raises on an N+1 query in local and in tests. These are Django's and packages' own.
ZEAL_ALLOWLIST = [
    {"model": "sessions.Session", "field": "get()"},
    {"model": "accounts.User", "field": "get()"},
    # {% if cookiecutter.sign_up %}
    {"model": "account.EmailAddress"},
    {"model": "mfa.Authenticator"},
    {"model": "usersessions.UserSession"},
    # {% endif %}
]

# Health

# /health/ready/ probes the services that the settings name. Add your own by dotted path,
# {"search": "apps.search.health.probe"}; None removes one.
HEALTH_PROBES: dict[str, str | None] = {}
