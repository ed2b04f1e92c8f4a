"""Probes: what Django really uses where it runs now, not what a settings file says.

A probe asks no server. It answers on, off or stand_in, with "reason: remedy"; so do the
system checks under --deploy, which ask all probes.
"""

import sys
from importlib import import_module
from ipaddress import ip_network
from types import ModuleType

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import storages
from django.core.management import get_commands
from django.db import connection, connections

from .states import Finding, State, off, on, stand_in


def debug() -> Finding:
    if settings.DEBUG:
        return stand_in(
            "DEBUG is on: DJANGO_SETTINGS_MODULE chooses production settings"
        )
    return on("DEBUG is off")


def database_engine() -> Finding:
    if connection.vendor == "postgresql":
        return on("PostgreSQL")
    if connection.vendor == "sqlite":
        return stand_in("SQLite serves: DATABASE_URL switches PostgreSQL on")
    return off(f"{connection.display_name} serves: use PostgreSQL")


def connection_age() -> Finding:
    age = connection.settings_dict["CONN_MAX_AGE"]
    keeper = (
        "a pool"
        if connection.settings_dict["OPTIONS"].get("pool")
        else "ASGI"
        if "config.asgi" in sys.modules
        else ""
    )
    if keeper and age != 0:
        return off(f"connections are kept for {age} s under {keeper}: CONN_MAX_AGE=0")
    if keeper:
        return on(f"no connection is kept for a thread under {keeper}")
    if age == 0:
        return off("each request opens a connection: CONN_MAX_AGE=60 keeps it")
    if age is None:
        return off("a connection is kept for ever: CONN_MAX_AGE=60 renews it")
    if not connection.settings_dict["CONN_HEALTH_CHECKS"]:
        return off("a dead connection serves a request: set CONN_HEALTH_CHECKS")
    return on(f"a connection is kept for {age} s, and tried before it is used")


def replicas() -> Finding:
    found = [alias for alias in connections if alias.startswith("replica_")]
    router = "plinth.database.routers.PrimaryReplicaRouter"
    if router not in settings.DATABASE_ROUTERS:
        return off(f"nothing chooses a replica: put {router} into DATABASE_ROUTERS")
    if not found:
        return on(
            "the primary serves all reads until DATABASE_REPLICA_URL names others"
        )
    return on(f"{', '.join(found)} serve what changes nothing")


def pooler() -> Finding:
    if connection.vendor != "postgresql":
        return stand_in(
            f"{connection.display_name} needs none: DATABASE_URL switches PostgreSQL on"
        )
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if pool:
        return on(f"at most {pool['max_size']} connections for each process")
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return on("PgBouncer; migrations go past it")
    return off("each thread has a connection of its own: DATABASE_POOLER=native")


def database_options() -> Finding:
    if connection.vendor != "postgresql":
        return stand_in(
            f"{connection.display_name} has no such limits: "
            "DATABASE_URL switches PostgreSQL on"
        )
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return on("as connect_query in deploy/pgbouncer/pgbouncer.ini says")
    options = str(connection.settings_dict["OPTIONS"].get("options", ""))
    for limit in ("statement_timeout", "lock_timeout"):
        if f"{limit}=" not in options or f"{limit}=0" in options:
            return off(f"no {limit}: set DATABASE_{limit.upper()}")
    return on(options)


def database_tls() -> Finding:
    if connection.vendor == "sqlite":
        return on("SQLite crosses no network")
    host = connection.settings_dict["HOST"]
    if host in {"", "localhost", "127.0.0.1", "::1"} or host.startswith("/"):
        return on("the database is on this machine")
    mode = connection.settings_dict["OPTIONS"].get("sslmode", "prefer")
    if mode != "verify-full":
        return off(
            f"sslmode is {mode}, so {host} may be somebody else: "
            "add ?sslmode=verify-full to DATABASE_URL"
        )
    return on(f"{host} shows its certificate")


def redis_behind(alias: str) -> Finding:
    name = type(caches[alias]).__name__
    if name == "LocMemCache":
        return stand_in(
            f"each process has its own {alias} cache: REDIS_URL names one for all"
        )
    if name != "RedisCache":
        return off(f"{name} is the {alias} cache: REDIS_URL names a Redis")
    return on("Redis")


def cache_backend() -> Finding:
    for alias in ("default", "locks"):
        finding = redis_behind(alias)
        if finding.state is not State.ON:
            return finding
    return on("Redis")


def kept_queries() -> Finding:
    if not apps.is_installed("cachalot"):
        return stand_in(
            "each query goes to the database: REDIS_URL keeps those of some tables"
        )
    # Of no table means of all.
    if not settings.CACHALOT_ONLY_CACHABLE_TABLES:
        return off("every table's are kept: name CACHALOT_ONLY_CACHABLE_TABLES")
    if redis_behind("default").state is not State.ON:
        return off("no process hears of another's writes: REDIS_URL names a Redis")
    return on(f"of {', '.join(settings.CACHALOT_ONLY_CACHABLE_TABLES)}")


def sessions() -> Finding:
    store = settings.SESSION_ENGINE.rpartition(".")[2]
    if store not in {"cache", "cached_db"}:
        return stand_in(
            "the database is asked for each session: REDIS_URL moves them into memory"
        )
    if redis_behind(settings.SESSION_CACHE_ALIAS).state is not State.ON:
        return stand_in("sessions end with this process: REDIS_URL names a Redis")
    return on(
        "in Redis alone" if store == "cache" else "in Redis, and in the database too"
    )


def cdn() -> Finding:
    address = getattr(storages["staticfiles"], "base_url", "")
    if not settings.CDN_DOMAIN:
        return stand_in(
            "the site sends its own files: CDN_DOMAIN names who sends them from near by"
        )
    if not str(address).startswith(f"https://{settings.CDN_DOMAIN}/"):
        return off(f"static files are at {address}: leave STATIC_URL alone")
    return on(settings.CDN_DOMAIN)


def bucket() -> Finding:
    if not settings.MEDIA_ORIGIN:
        return stand_in(
            "uploads lie on this server's disk, where the next one misses them: "
            "name a bucket (.env.example)"
        )
    private, public = storages["default"], storages["public"]
    if getattr(private, "location", "") == getattr(public, "location", ""):
        return off("the CDN may read private files: give them a location of their own")
    return on(settings.MEDIA_ORIGIN)


def media_cdn() -> Finding:
    if not settings.MEDIA_ORIGIN:
        return stand_in("there is no bucket behind a CDN: name one (.env.example)")
    if settings.MEDIA_SIGNED_FOR:
        return stand_in(
            "each address is signed, and no cache keeps it: CDN_DOMAIN names a CDN"
        )
    # The names of this option with the three providers.
    names = ("custom_domain", "custom_endpoint")
    domains = [getattr(storages["public"], name, "") for name in names]
    if settings.CDN_DOMAIN not in str(domains):
        return off("pictures come from the bucket: leave the public storage's domain")
    return on(settings.CDN_DOMAIN)


def background_work() -> Finding:
    from plinth.tasks.app import app

    broker = settings.CELERY_BROKER_URL
    if app.conf.task_always_eager:
        return stand_in("tasks run in the request: CELERY_BROKER_URL names a broker")
    on_redis = broker.startswith("redis")
    if on_redis and redis_database(broker) == redis_database(settings.REDIS_URL):
        return off(
            "who empties the cache's database of Redis loses every task in it: "
            "give CELERY_BROKER_URL another"
        )
    if not app.conf.task_acks_late:
        return off("a lost worker loses its tasks: CELERY_TASK_ACKS_LATE")
    options = app.conf.broker_transport_options
    app.loader.import_default_modules()
    waits = [getattr(task, "retry_backoff_max", 0) for task in app.tasks.values()]
    limit = app.conf.task_time_limit + max(waits)
    if on_redis and options.get("visibility_timeout", 0) <= limit:
        return off("Redis starts long tasks twice: raise the visibility_timeout")
    return on("Redis" if on_redis else "RabbitMQ")


def redis_database(url: str) -> tuple[str | None, int, str]:
    """Return the host, the port and the number of a database."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    return host, parts.port or 6379, parts.path.strip("/") or "0"


def in_front() -> Finding:
    if settings.DEBUG:
        return stand_in("runserver answers by itself: deploy/nginx is for production")
    return on("deploy/nginx, if it stands in front: the application can't see it")


def gunicorn_settings() -> ModuleType:
    """Return the project's configuration of gunicorn."""
    return import_module("config.gunicorn")


def web_server() -> Finding:
    gunicorn = gunicorn_settings()

    if settings.DEBUG:
        return stand_in("runserver serves: gunicorn is for production")
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if pool and pool["max_size"] < gunicorn.threads:
        return off(
            f"{gunicorn.threads} threads share {pool['max_size']} connections, and wait "
            "for each other: raise DATABASE_POOL_SIZE to WEB_THREADS"
        )
    return on(
        f"{gunicorn.workers} processes of {gunicorn.threads} threads at {gunicorn.bind}"
    )


def open_files() -> Finding:
    gunicorn = gunicorn_settings()
    from plinth.server.resources import OPEN_FILES, most_open_files

    gunicorn = gunicorn_settings()

    # Visitors; for each thread a connection to each part, a file that it reads and one
    # that it writes; and what a process has open anyway.
    parts = len(connections.settings) + len(settings.CACHES)
    needed = gunicorn.worker_connections + gunicorn.threads * (parts + 2) + 64
    allowed = most_open_files()
    if allowed < needed:
        return off(
            f"a process may open {allowed} files, and needs {needed}: "
            f"LimitNOFILE={OPEN_FILES} of systemd, or ulimits of Compose"
        )
    return on(f"a process may open {allowed} files, and needs {needed}")


def https() -> Finding:
    if not settings.SESSION_COOKIE_SECURE:
        return stand_in("http will do: production's settings ask for https")
    if not settings.SECURE_PROXY_SSL_HEADER:
        return off("each visit looks like http: set SECURE_PROXY_SSL_HEADER")
    if any(ip_network(each).prefixlen == 0 for each in settings.TRUSTED_PROXIES):
        return off(
            "anybody can claim https and any address: name the proxies in "
            "TRUSTED_PROXIES"
        )
    return on(f"browsers keep to it for {settings.SECURE_HSTS_SECONDS} s")


def runserver() -> Finding:
    owner = get_commands()["runserver"]
    if owner != "plinth":
        return off(
            f"{owner} has a runserver that starts in production: "
            "put plinth above it in INSTALLED_APPS"
        )
    return on("runserver refuses without DEBUG")


# For a developer's machine: they slow a page down, or show what is behind it.
DEVELOPMENT_APPS = (
    "plinth.mail.inbox",
    "debug_toolbar",
    "django_browser_reload",
    "django_extensions",
    "silk",
    "zeal",
)


def development_apps() -> Finding:
    here = ", ".join(filter(apps.is_installed, DEVELOPMENT_APPS))
    if here and not settings.DEBUG:
        return off(
            f"{here} in production: take it out of config/settings/production.py"
        )
    return on(here or "no tool of development is installed")
