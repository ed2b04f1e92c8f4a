"""What every environment shares: each of local, test and production starts from here.

A setting that can differ between two installations is an environment variable;
`.env.example` lists them all.
"""

from pathlib import Path
from typing import Any

from django.utils.csp import CSP

from config.databases import databases
from config.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Env()
env.read_file(BASE_DIR / ".env")

# The site

SITE_NAME = env(
    "SITE_NAME",
    default="{{ cookiecutter.project_name }}",
)
SITE_DESCRIPTION = env(
    "SITE_DESCRIPTION",
    default="{{ cookiecutter.description }}",
)
SECURITY_CONTACT = env(
    "SECURITY_CONTACT",
    default="{{ cookiecutter.author_email }}",
)

SECRET_KEY = env("SECRET_KEY")
# Old keys, while sessions and links signed with them run out.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# How it is put together

INSTALLED_APPS = [
    # Before staticfiles, whose runserver it makes refuse production.
    "apps.core",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "apps.accounts",
    "apps.mail",
    "apps.practices",
    # {% if cookiecutter.use_celery %}
    "apps.jobs",
    # {% endif %}
    # {% if cookiecutter.example_app %}
    "apps.catalog",
    # {% endif %}
]

MIDDLEWARE = [
    # First, so that every later line of the log has the request's id.
    "apps.core.middleware.RequestLogMiddleware",
    # Above all that asks who visits, and by https or not.
    "apps.core.middleware.ProxyHeadersMiddleware",
    # Load balancers probe by IP address over http: before host and https are checked.
    "apps.core.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Its files are compressed when they are collected, so they end here.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Above all that writes into a page or takes its ETag.
    "apps.core.middleware.CompressionMiddleware",
    "apps.core.middleware.ResourcePolicyMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "apps.core.middleware.SessionPrivacyMiddleware",
    # Above what may write: the session too.
    "apps.core.middleware.ReplicaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Below what redirects to the same address, which keeps all of it.
    "apps.core.middleware.TrackingMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Who is believed when X-Forwarded-For and X-Forwarded-Proto say who visits, and how: the
# proxies in front. By default whoever has a private address, or comes over a unix socket.
TRUSTED_PROXIES = env.networks(
    "TRUSTED_PROXIES",
    default="127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,"
    "169.254.0.0/16,::1,fc00::/7,fe80::/10",
)

# What links from search engines, newsletters and advertisements carry: patterns of names.
TRACKING_PARAMETERS = [
    r"utm_\w+",
    r"(mtm|pk|matomo)_\w+",
    "dclid",
    "fbclid",
    "gclid",
    "gclsrc",
    "msclkid",
    "ttclid",
    "twclid",
    "yclid",
    "[gw]braid",
    r"gad_\w+",
    "_g[al]",
    "igsh(id)?",
    "li_fat_id",
    "mc_[ce]id",
    "srsltid",
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
                "apps.core.context_processors.site",
            ],
        },
    },
]

# Templates of this project may replace those of Django's forms and widgets.
FORM_RENDERER = "apps.core.forms.FormRenderer"

# Time

TIME_ZONE = "UTC"

# Databases: the primary, its replicas, and the way to it for migrations

DATABASES = databases(env, sqlite=BASE_DIR / "db.sqlite3")
DATABASE_ROUTERS = ["apps.core.routers.PrimaryReplicaRouter"]
# Seconds. A replica that is further behind serves nobody until it has caught up; who has
# just written reads from the primary for as long.
DATABASE_REPLICA_MAX_LAG = env.integer("DATABASE_REPLICA_MAX_LAG", default=5)

# What /health/ready/ asks; without the database it sends visitors away.

HEALTH_PROBES = {
    "database": "apps.core.health.probe_database",
    "cache": "apps.core.health.probe_cache",
    "storage": "apps.core.health.probe_storage",
}
if env("DATABASE_REPLICA_URL"):
    HEALTH_PROBES["replicas"] = "apps.core.health.probe_replicas"

# Zeal raises on repeated queries, in local and in tests. These are Django's own: signing
# in asks for a session twice, and the admin's page of a user for a user.
ZEAL_ALLOWLIST = [
    {"model": "sessions.Session", "field": "get()"},
    {"model": "accounts.User", "field": "get()"},
]

# The reminder to squash: more migrations than these in one app bring a warning, and
# several of them, of which one is older than these days, a note.
SQUASH_MIGRATIONS_AFTER = 20
SQUASH_MIGRATIONS_DAYS = 365

# Caches: this process's memory until REDIS_URL names a server. Each need has its own, on a
# server of its own where one is named: a cache may lose what it holds, while a session
# that is lost signs somebody out, and a lock lets two in.

REDIS_URL = env.url("REDIS_URL", "redis", "rediss", "unix")
redis_urls = {
    "default": REDIS_URL,
    "sessions": env.url("REDIS_SESSIONS_URL", "redis", "rediss", "unix") or REDIS_URL,
    "locks": env.url("REDIS_LOCKS_URL", "redis", "rediss", "unix") or REDIS_URL,
}
CACHES: dict[str, dict[str, Any]] = {
    alias: {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": alias,
        "OPTIONS": {
            "CLIENT_CLASS": "apps.core.redis.SharedServerClient",
            "CONNECTION_POOL_CLASS": "apps.core.redis.PausingPool",
            # A page without its cache is slow; a page that waits for it is down. But who
            # asks for a lock must hear that nobody knows who has it.
            "IGNORE_EXCEPTIONS": alias != "locks",
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 1,
        },
    }
    if url
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": alias,
    }
    for alias, url in redis_urls.items()
}
# What a process gives again for a moment, without asking Redis: see apps/core/answers.py.
CACHES["process"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "process",
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
# A server of its own may be the one that is dead.
if redis_urls["sessions"] != REDIS_URL:
    HEALTH_PROBES["sessions"] = "apps.core.health.probe_sessions"
if redis_urls["locks"] != REDIS_URL:
    HEALTH_PROBES["locks"] = "apps.core.health.probe_locks"

# Queries of these tables alone, which are read often and written rarely, are kept in Redis
# by cachalot until one of their rows is written. Not without Redis: no process would hear
# of another's writes. And never empty: that would mean every table.

CACHALOT_ONLY_CACHABLE_TABLES = [
    # The admin lists all permissions for each user and group; migrations alone write them.
    "auth_permission",
    "django_content_type",
    # {% if cookiecutter.example_app %}
    "catalog_category",
    # {% endif %}
]
# Of the primary alone, and dropped by a write under any alias.
CACHALOT_DATABASES = ["default"]
CACHALOT_TABLE_KEYGEN = "apps.core.kept.table_key"
# Seconds that a query is kept which a dead Redis or a reader at the same moment has made
# outlive a write.
CACHALOT_TIMEOUT = 60
# What is read in chunks is read so because it is large.
CACHALOT_CACHE_ITERATORS = False
if REDIS_URL:
    INSTALLED_APPS += ["cachalot"]

# Sessions: read from Redis, and written to the database too, so that a dead Redis signs
# nobody out. `cache` writes them to Redis alone: then nobody signs in while it is dead.

session_store = env.choice(
    "SESSION_STORE",
    "cache",
    "cached_db",
    "db",
    default="cached_db" if redis_urls["sessions"] else "db",
)
SESSION_ENGINE = f"django.contrib.sessions.backends.{session_store}"
SESSION_CACHE_ALIAS = "sessions"

# Accounts

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "accounts:profile"
LOGOUT_REDIRECT_URL = "core:home"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Reads what Django's default wrote, and rewrites it at the next sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Static files, and files that people upload

CDN_DOMAIN = env.host("CDN_DOMAIN")

STATIC_URL = f"https://{CDN_DOMAIN}/static/" if CDN_DOMAIN else "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

MEDIA_URL = f"https://{CDN_DOMAIN}/media/" if CDN_DOMAIN else "/media/"
MEDIA_ROOT = BASE_DIR / "media"
# The bucket's own origin, where a browser meets files that are not on the CDN.
MEDIA_ORIGIN = ""
# Seconds that the address of a public file works; 0 for ever. Without a CDN the bucket
# is private, and each address is signed.
MEDIA_SIGNED_FOR = 0

# What no field says otherwise of is private: a file that somebody forgot is in no cache.
# `public` is what anybody may see, and a CDN keep.
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "apps.core.files.PrivateStorage",
        # Outside of MEDIA_ROOT, which the web server shows to all.
        "OPTIONS": {"location": BASE_DIR / "private"},
    },
    "public": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
# {% if cookiecutter.media_storage != "local" %}
# A name never gets another content, so that caches may keep it.
MEDIA_CACHE_CONTROL = f"{'public' if CDN_DOMAIN else 'private'}, max-age=31536000"
PRIVATE_CACHE_CONTROL = "private, max-age=300"
STATIC_CACHE_CONTROL = "public, max-age=31536000, immutable"

# What all three have, and what each has of its own.
bucket: dict[str, Any]
bucket_storages: dict[str, dict[str, Any]]
# {% endif %}
# {% if cookiecutter.media_storage == "gcs" %}
if GS_BUCKET_NAME := env("GS_BUCKET_NAME"):
    bucket = {
        "bucket_name": GS_BUCKET_NAME,
        # Signed with the key in GOOGLE_APPLICATION_CREDENTIALS, or by Google for a
        # machine's role.
        "iam_sign_blob": env.flag("GS_IAM_SIGN_BLOB", default=False),
        "file_overwrite": False,
    }
    cdn = {
        "custom_endpoint": f"https://{CDN_DOMAIN}" if CDN_DOMAIN else None,
        "querystring_auth": not CDN_DOMAIN,
        "expiration": 3600,
    }
    bucket_storages = {
        "default": {
            "location": "private",
            "expiration": 300,
            "object_parameters": {
                "cache_control": PRIVATE_CACHE_CONTROL,
                # What it holds is never a page at the bucket's address.
                "content_disposition": "attachment",
            },
        },
        "public": cdn
        | {
            "location": "media",
            "object_parameters": {"cache_control": MEDIA_CACHE_CONTROL},
        },
        # What publish_static fills.
        "static_bucket": cdn
        | {
            "location": "static",
            "object_parameters": {"cache_control": STATIC_CACHE_CONTROL},
        },
    }
    for name, options in bucket_storages.items():
        STORAGES[name] = {
            "BACKEND": "apps.core.buckets.google.GoogleStorage",
            "OPTIONS": bucket | options,
        }
    MEDIA_ORIGIN = f"https://storage.googleapis.com/{GS_BUCKET_NAME}"
    MEDIA_SIGNED_FOR = 0 if CDN_DOMAIN else 3600
# {% endif %}
# {% if cookiecutter.media_storage == "azure" %}
if AZURE_CONTAINER := env("AZURE_CONTAINER"):
    AZURE_ACCOUNT_NAME = env("AZURE_ACCOUNT_NAME")
    bucket = {
        "azure_container": AZURE_CONTAINER,
        # Not a connection string: with one the client options don't count.
        "account_name": AZURE_ACCOUNT_NAME or None,
        "account_key": env("AZURE_ACCOUNT_KEY") or None,
        "overwrite_files": False,
        # Seconds: the defaults would hold a request for minutes.
        "client_options": {
            "connection_timeout": 2,
            "read_timeout": 5,
            "retry_total": 1,
            "initial_backoff": 1,
        },
    }
    cdn = {
        "custom_domain": CDN_DOMAIN or None,
        "expiration_secs": None if CDN_DOMAIN else 3600,
    }
    bucket_storages = {
        "default": {
            "location": "private",
            "expiration_secs": 300,
            "object_parameters": {
                "cache_control": PRIVATE_CACHE_CONTROL,
                # What it holds is never a page at the container's address.
                "content_disposition": "attachment",
            },
        },
        "public": cdn | {"location": "media", "cache_control": MEDIA_CACHE_CONTROL},
        # What publish_static fills.
        "static_bucket": cdn
        | {"location": "static", "cache_control": STATIC_CACHE_CONTROL},
    }
    for name, options in bucket_storages.items():
        STORAGES[name] = {
            "BACKEND": "apps.core.buckets.azure.AzureStorage",
            "OPTIONS": bucket | options,
        }
    MEDIA_ORIGIN = (
        f"https://{AZURE_ACCOUNT_NAME}.blob.core.windows.net/{AZURE_CONTAINER}"
    )
    MEDIA_SIGNED_FOR = 0 if CDN_DOMAIN else 3600
# {% endif %}
# {% if cookiecutter.media_storage == "s3" %}
if AWS_STORAGE_BUCKET_NAME := env("AWS_STORAGE_BUCKET_NAME"):
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    # Another service that speaks S3: MinIO, R2, Spaces.
    AWS_S3_ENDPOINT_URL = env.url("AWS_S3_ENDPOINT_URL", "https", "http").rstrip("/")
    AWS_S3_REGION_NAME = env("AWS_S3_REGION_NAME")
    bucket = {
        "bucket_name": AWS_STORAGE_BUCKET_NAME,
        # Without a key, the machine's own role serves.
        "access_key": env("AWS_ACCESS_KEY_ID") or None,
        "secret_key": env("AWS_SECRET_ACCESS_KEY") or None,
        "region_name": AWS_S3_REGION_NAME or None,
        "endpoint_url": AWS_S3_ENDPOINT_URL or None,
        # No default_acl: the buckets of today refuse one.
        "file_overwrite": False,
        # In parts of 8 MB, one after the other, whatever the size of a file.
        "transfer_config": TransferConfig(use_threads=False),
        "client_config": Config(
            signature_version="s3v4",
            # Amazon's own are signed for their region's host, or they redirect.
            s3={"addressing_style": "path" if AWS_S3_ENDPOINT_URL else "virtual"},
            # Seconds: the defaults would hold a request for minutes.
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
    }
    bucket_storages = {
        "default": {
            "location": "private",
            "querystring_expire": 300,
            "object_parameters": {
                "CacheControl": PRIVATE_CACHE_CONTROL,
                # What it holds is never a page at the bucket's address.
                "ContentDisposition": "attachment",
            },
        },
        "public": {
            "location": "media",
            "custom_domain": CDN_DOMAIN or None,
            "object_parameters": {"CacheControl": MEDIA_CACHE_CONTROL},
        },
        # What publish_static fills.
        "static_bucket": {
            "location": "static",
            "custom_domain": CDN_DOMAIN or None,
            "object_parameters": {"CacheControl": STATIC_CACHE_CONTROL},
        },
    }
    for name, options in bucket_storages.items():
        STORAGES[name] = {
            "BACKEND": "apps.core.buckets.amazon.AmazonStorage",
            "OPTIONS": bucket | options,
        }
    # us-east-1 is the one region without a host of its own.
    region = AWS_S3_REGION_NAME.removeprefix("us-east-1")
    MEDIA_ORIGIN = (
        f"{AWS_S3_ENDPOINT_URL}/{AWS_STORAGE_BUCKET_NAME}"
        if AWS_S3_ENDPOINT_URL
        else f"https://{AWS_STORAGE_BUCKET_NAME}.s3{region and '.'}{region}.amazonaws.com"
    )
    MEDIA_SIGNED_FOR = 0 if CDN_DOMAIN else 3600
# {% endif %}

# Mail

DEFAULT_FROM_EMAIL = env.sender(
    "DEFAULT_FROM_EMAIL",
    default="noreply@{{ cookiecutter.domain_name }}",
)
# smtp+tls://user:password@host:587, or a provider's API: postmark://token
MAILERS: dict[str, dict[str, Any]] = {
    "default": env.mailer("EMAIL_URL")
    or {"BACKEND": "django.core.mail.backends.console.EmailBackend"},
}
# What providers prove themselves with when they report a bounce or a complaint. Without
# it nobody can report one.
ANYMAIL = {
    "WEBHOOK_SECRET": env.credentials("MAIL_WEBHOOK_SECRET"),
    "MAILGUN_WEBHOOK_SIGNING_KEY": env("MAILGUN_WEBHOOK_SIGNING_KEY"),
}

# Security: what a browser may do with a page. Production adds https.

assets = [CSP.SELF, f"https://{CDN_DOMAIN}"] if CDN_DOMAIN else [CSP.SELF]
# With a slash at its end it stands for all that is below it.
uploads = [f"{MEDIA_ORIGIN}/"] if MEDIA_ORIGIN else []
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [*assets, CSP.NONCE],
    "style-src": [*assets, CSP.NONCE],
    "img-src": [*assets, *uploads, "data:"],
    "font-src": assets,
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
# {% if cookiecutter.media_storage == "s3" %}
if MEDIA_ORIGIN:
    # Large files go from the browser straight to the bucket.
    SECURE_CSP["connect-src"] += [MEDIA_ORIGIN]
# {% endif %}
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
# No script needs it: every form carries its token.
CSRF_COOKIE_HTTPONLY = True

# {% if cookiecutter.use_celery %}
# Background work: in this process until CELERY_BROKER_URL names a broker.

CELERY_BROKER_URL = env.url("CELERY_BROKER_URL", "redis", "rediss", "amqp", "amqps")
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL
if CELERY_TASK_ALWAYS_EAGER:
    # Celery asks for one all the same, and would warn that it has no name.
    CELERY_BROKER_WRITE_URL = "memory://localhost"
# A worker waits for its broker as long as it takes, at the start and later.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None

# A task is acknowledged when it is done, and a worker takes no more than it works on, so
# that a lost worker loses none: another starts it anew. Tasks must bear to run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Up to max_retries times: one that kills its worker must not kill all of them for ever.
CELERY_TASK_RETRY_ON_WORKER_LOST = True
# What can't be acknowledged any more will come again: it is not run beside its copy.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# Seconds. The soft limit raises in the task, which may clean up; the hard one kills.
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330
# On shutdown a task has this long to end before another worker starts it anew.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10

# Beat answers a ping as celerybeat@host while it keeps time: it looks at the schedule
# every 30 seconds, and falls silent when it has not for 60.
CELERY_BEAT_ENABLE_REMOTE_CONTROL = True
CELERY_BEAT_MAX_LOOP_INTERVAL = 30

if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Seconds; without them a page that sends a task waits for a dead broker for ever.
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        # A task that nobody has acknowledged by then is given to another worker. Longer
        # than a task takes (330) and waits to be tried again (mail: 1800), or it would
        # run twice: so never call one with a countdown or an eta that is further away.
        "visibility_timeout": 2400,
    }
if CELERY_BROKER_URL.startswith("amqp"):
    # On the disks of most of the brokers before a page hears that it was sent.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum"
    # Such queues can't hold a countdown, except behind an exchange that knows topics.
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
    CELERY_TASK_CREATE_MISSING_QUEUE_EXCHANGE_TYPE = "topic"

# Celery would believe any certificate of Redis's, and of RabbitMQ's one for any name. What
# a URL says (?ssl_ca_certs=) stands in place of this.
verified = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
if CELERY_BROKER_URL.startswith("rediss"):
    CELERY_BROKER_USE_SSL = verified
if CELERY_BROKER_URL.startswith("amqps"):
    # None stands for that of the URL.
    CELERY_BROKER_USE_SSL = {"server_hostname": None}

# Nobody asks what a task returned, unless CELERY_RESULT_BACKEND says where to keep it.
CELERY_RESULT_BACKEND = env.url("CELERY_RESULT_BACKEND", "redis", "rediss") or None
CELERY_TASK_IGNORE_RESULT = not CELERY_RESULT_BACKEND
if CELERY_RESULT_BACKEND and CELERY_RESULT_BACKEND.startswith("rediss"):
    CELERY_REDIS_BACKEND_USE_SSL = verified
# Seconds: a day; and how long to wait for the server, as above.
CELERY_RESULT_EXPIRES = 86_400
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 2
CELERY_REDIS_SOCKET_TIMEOUT = 5
CELERY_TIMEZONE = TIME_ZONE
FLOWER_BASIC_AUTH = env("FLOWER_BASIC_AUTH")
if CELERY_BROKER_URL:
    HEALTH_PROBES["broker"] = "config.celery.probe_broker"

# {% endif %}
# Errors: to the log, and to a service that is named here.

RELEASE = env("RELEASE")
ENVIRONMENT = env(
    "ENVIRONMENT",
    default=env("DJANGO_SETTINGS_MODULE").removeprefix("config.settings."),
)
# {% if cookiecutter.error_tracking == "sentry" %}
if SENTRY_DSN := env.url("SENTRY_DSN", "https", "http"):
    # Imported only when used: it takes as long to load as Django itself.
    from config import sentry

    sentry.start(
        SENTRY_DSN,
        environment=ENVIRONMENT,
        release=RELEASE,
        # The share of requests that are traced, 0 to 1.
        traces_sample_rate=env.share("SENTRY_TRACES_SAMPLE_RATE", default=0.0),
    )
# {% endif %}

# Log: one handler, one line per event, each with the id of its request.

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "apps.core.logging.RequestIdFilter"},
    },
    "formatters": {
        "readable": {
            "()": "apps.core.logging.ReadableFormatter",
            "format": "{asctime} {levelname:7} [{request_id}] {name}: {message}",
            "style": "{",
        },
        "json": {"()": "apps.core.logging.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "readable",
        },
    },
    "root": {
        "handlers": ["console"],
        "level": env.choice(
            "LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", default="INFO"
        ),
    },
    "loggers": {
        # Django gives these handlers of their own; here the root's serve them.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # One line per request is enough: RequestLogMiddleware's, which says how long.
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # Each try of each connection; a request that gets none logs it.
        "psycopg.pool": {"level": "ERROR"},
    },
}
