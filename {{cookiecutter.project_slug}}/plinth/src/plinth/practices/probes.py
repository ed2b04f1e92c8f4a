"""Probes: the state of a practice in the environment that runs now.

A probe reads Django's effective configuration and connects to no server. Its detail is
"reason: remedy"; `manage.py check --deploy` reports the same.
"""

import logging
import os
import sys
from importlib import import_module
from ipaddress import ip_network
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import storages
from django.core.management import get_commands
from django.db import connection, connections

from plinth import extras
from plinth.env import Env

from .states import Finding, State, embedded, off, on

# Debian's public CAs, in the image too.
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
BUCKET = "set AWS_STORAGE_BUCKET_NAME, GS_BUCKET_NAME or AZURE_CONTAINER"


def debug() -> Finding:
    if settings.DEBUG:
        return embedded(
            "DEBUG is on: set DJANGO_SETTINGS_MODULE=config.settings.production"
        )
    return on("DEBUG is off")


def database_engine() -> Finding:
    if connection.vendor == "postgresql":
        return on("PostgreSQL")
    if connection.vendor == "sqlite":
        return embedded("SQLite is used: set DATABASE_URL to a PostgreSQL")
    return off(f"{connection.display_name} is used: set DATABASE_URL to a PostgreSQL")


def connection_age() -> Finding:
    age = connection.settings_dict["CONN_MAX_AGE"]
    owner = (
        "psycopg's pool"
        if connection.settings_dict["OPTIONS"].get("pool")
        else "ASGI"
        if "config.asgi" in sys.modules
        else ""
    )
    if owner and age != 0:
        return off(f"CONN_MAX_AGE is {age} with {owner}: set CONN_MAX_AGE=0")
    if owner:
        return on(f"CONN_MAX_AGE is 0 with {owner}")
    if age == 0:
        return off("each request opens a connection: set CONN_MAX_AGE=60")
    if age is None:
        return off("connections never expire: set CONN_MAX_AGE=60")
    if not connection.settings_dict["CONN_HEALTH_CHECKS"]:
        return off("a dead connection would be used: set CONN_HEALTH_CHECKS to True")
    return on(f"CONN_MAX_AGE is {age} s, with health checks")


def replicas() -> Finding:
    found = [alias for alias in connections if alias.startswith("replica_")]
    router = "plinth.database.routers.PrimaryReplicaRouter"
    if router not in settings.DATABASE_ROUTERS:
        return off(f"no router for replicas: put {router} into DATABASE_ROUTERS")
    if not found:
        return on("no replica: DATABASE_REPLICA_URL adds some")
    return on(f"reads go to {', '.join(found)}")


def pooler() -> Finding:
    if connection.vendor != "postgresql":
        return embedded(
            f"{connection.display_name} needs no pool: set DATABASE_URL to a PostgreSQL"
        )
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if pool:
        return on(f"psycopg's pool, {pool['max_size']} connections per process")
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return on("PgBouncer; migrations bypass it")
    return off("no pool: set DATABASE_POOLER=native")


def database_options() -> Finding:
    if connection.vendor != "postgresql":
        return embedded(
            f"{connection.display_name} has no timeouts: "
            "set DATABASE_URL to a PostgreSQL"
        )
    if connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return on("connect_query of deploy/pgbouncer/pgbouncer.ini")
    options = str(connection.settings_dict["OPTIONS"].get("options", ""))
    for limit in ("statement_timeout", "lock_timeout"):
        if f"{limit}=" not in options or f"{limit}=0" in options:
            return off(f"no {limit}: set DATABASE_{limit.upper()}")
    return on(options)


def database_tls() -> Finding:
    databases = {alias: connections[alias].settings_dict for alias in connections}
    remote = {
        alias: database
        for alias, database in databases.items()
        if "sqlite" not in database["ENGINE"] and is_remote(database["HOST"])
    }
    for alias, database in remote.items():
        if problem := tls_problem(database["HOST"], database["OPTIONS"]):
            reason, remedy = problem
            return off(f"{reason}: {remedy} {variable_of(alias)}")
    hosts = {database["HOST"] for database in remote.values()}
    if hosts:
        return on(f"verified: {', '.join(sorted(hosts))}")
    return on("no connection to a database leaves this machine")


def is_remote(host: str) -> bool:
    """Whether it is another machine; a name without a dot is a container's, or localhost."""
    if host.startswith("/") or host in {"127.0.0.1", "::1"}:
        return False
    return "." in host or ":" in host


def variable_of(alias: str) -> str:
    if alias == "direct":
        return "DATABASE_DIRECT_URL"
    return "DATABASE_URL" if alias == "default" else "DATABASE_REPLICA_URL"


def tls_problem(host: str, options: dict[str, Any]) -> tuple[str, str] | None:
    """Why libpq would not verify a host, and what to do with its URL."""
    ca = options.get("sslrootcert", os.environ.get("PGSSLROOTCERT", ""))
    mode = options.get("sslmode", os.environ.get("PGSSLMODE", "prefer"))
    ca_parameter = f"sslrootcert={SYSTEM_CA} (or your provider's CA file)"
    if mode != "verify-full":
        return (
            f"the identity of {host} is not verified (sslmode is {mode})",
            f"add sslmode=verify-full&{ca_parameter} to",
        )
    if not ca and not Path("~/.postgresql/root.crt").expanduser().exists():
        return (
            f"connections to {host} fail without a CA file",
            f"add {ca_parameter} to",
        )
    # OpenSSL in psycopg's wheels looks where no system has certificates.
    if ca == "system" and not {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys():
        return (
            "psycopg's wheels do not find the system's CAs",
            f"write sslrootcert={SYSTEM_CA} into",
        )
    if ca not in {"", "system"} and not Path(ca).exists():
        return f"the CA file {ca} does not exist", "correct sslrootcert in"
    return None


def redis_of(alias: str) -> Finding:
    name = type(caches[alias]).__name__
    if name == "LocMemCache":
        return embedded(f"the {alias} cache is in each process's memory: set REDIS_URL")
    if name != "RedisCache":
        return off(f"the {alias} cache is {name}: set REDIS_URL")
    return on("Redis")


def cache_backend() -> Finding:
    for alias in ("default", "locks"):
        finding = redis_of(alias)
        if finding.state is not State.ON:
            return finding
    return on("Redis")


def query_cache() -> Finding:
    if not apps.is_installed("cachalot"):
        return embedded("no query is cached: set REDIS_URL")
    # An empty list means every table.
    if not settings.CACHALOT_ONLY_CACHABLE_TABLES:
        return off("every table is cached: set CACHALOT_ONLY_CACHABLE_TABLES")
    if redis_of("default").state is not State.ON:
        return off("writes of other processes invalidate nothing: set REDIS_URL")
    return on(f"tables: {', '.join(cached_tables())}")


def cached_tables() -> list[str]:
    """The setting's tables and those that apps register (`cached_tables`)."""
    from cachalot.settings import cachalot_settings

    return sorted(cachalot_settings.CACHALOT_ONLY_CACHABLE_TABLES)


def sessions() -> Finding:
    store = settings.SESSION_ENGINE.rpartition(".")[2]
    if store not in {"cache", "cached_db"}:
        return embedded("sessions are read from the database: set REDIS_URL")
    if redis_of(settings.SESSION_CACHE_ALIAS).state is not State.ON:
        return embedded("sessions are in this process's memory: set REDIS_URL")
    return on("Redis alone" if store == "cache" else "Redis, and the database too")


def cdn() -> Finding:
    address = getattr(storages["staticfiles"], "base_url", "")
    if not settings.CDN_DOMAIN:
        return embedded(
            "the site serves its static and media files itself: set CDN_DOMAIN"
        )
    if not str(address).startswith(f"https://{settings.CDN_DOMAIN}/"):
        return off(
            f"static files are at {address}: set STATIC_URL to "
            f"https://{settings.CDN_DOMAIN}/static/"
        )
    return on(settings.CDN_DOMAIN)


def bucket() -> Finding:
    if not settings.MEDIA_ORIGIN:
        return embedded(
            f"uploads are on this server's disk, which other servers cannot read: {BUCKET}"
        )
    private, public = storages["default"], storages["public"]
    if getattr(private, "location", "") == getattr(public, "location", ""):
        return off(
            "the CDN can read private files: give STORAGES['default'] another location "
            "than STORAGES['public']"
        )
    return on(settings.MEDIA_ORIGIN)


def media_cdn() -> Finding:
    if not settings.MEDIA_ORIGIN:
        return embedded(f"uploads are not in a bucket: {BUCKET}")
    if settings.MEDIA_SIGNED_FOR:
        return embedded("every URL is signed, which prevents caching: set CDN_DOMAIN")
    # The option's name at the three providers.
    names = ("custom_domain", "custom_endpoint")
    domains = [getattr(storages["public"], name, "") for name in names]
    if settings.CDN_DOMAIN not in str(domains):
        return off(
            "public files bypass the CDN: set the custom_domain of STORAGES['public'] to "
            "CDN_DOMAIN"
        )
    return on(settings.CDN_DOMAIN)


def background_work() -> Finding:
    if not apps.is_installed("plinth.tasks"):
        return embedded("no task queue: put plinth.tasks into INSTALLED_APPS")
    from plinth.tasks.app import app, import_tasks

    broker = settings.CELERY_BROKER_URL
    if app.conf.task_always_eager:
        return embedded("tasks run in the request: set CELERY_BROKER_URL")
    on_redis = broker.startswith("redis")
    if on_redis and redis_database(broker) == redis_database(settings.REDIS_URL):
        return off(
            "the broker and the cache share a Redis database, so flushing the cache "
            "loses tasks: give CELERY_BROKER_URL another"
        )
    if not app.conf.task_acks_late:
        return off("a lost worker loses its tasks: set CELERY_TASK_ACKS_LATE to True")
    options = app.conf.broker_transport_options
    import_tasks()
    waits = [getattr(task, "retry_backoff_max", 0) for task in app.tasks.values()]
    limit = app.conf.task_time_limit + max(waits)
    if on_redis and options.get("visibility_timeout", 0) <= limit:
        return off(
            "Redis delivers long tasks twice: set visibility_timeout in "
            f"CELERY_BROKER_TRANSPORT_OPTIONS to more than {limit}"
        )
    return on("Redis" if on_redis else "RabbitMQ")


def redis_database(url: str) -> tuple[str | None, int, str]:
    """Host, port and number of a Redis database."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    return host, parts.port or 6379, parts.path.strip("/") or "0"


def proxy() -> Finding:
    if settings.DEBUG:
        return embedded(
            "runserver has no proxy in front: put deploy/nginx in front in production"
        )
    return on("deploy/nginx, if it is in front: the application cannot tell")


def gunicorn_settings() -> ModuleType:
    """The project's configuration of gunicorn."""
    return import_module("config.gunicorn")


def web_server() -> Finding:
    gunicorn = gunicorn_settings()
    if settings.DEBUG:
        return embedded(
            "runserver is used: start gunicorn --config python:config.gunicorn config.wsgi"
        )
    pool = connection.settings_dict["OPTIONS"].get("pool")
    if pool and pool["max_size"] < gunicorn.threads:
        return off(
            f"{gunicorn.threads} threads share {pool['max_size']} connections and wait "
            "for them: raise DATABASE_POOL_SIZE to WEB_THREADS"
        )
    return on(
        f"{gunicorn.workers} workers of {gunicorn.threads} threads at {gunicorn.bind}"
    )


def asyncio() -> Finding:
    from .checks import sync_only

    if "config.asgi" not in sys.modules:
        return on("WSGI: an async view runs in the thread of its request")
    if adapted := ", ".join(sync_only(settings.MIDDLEWARE)):
        return on(f"ASGI: each request also needs a thread, for {adapted} is sync only")
    return on("ASGI")


def open_files() -> Finding:
    from plinth.server.resources import OPEN_FILES, most_open_files

    gunicorn = gunicorn_settings()
    # Clients; per thread a connection to each database and cache, a file to read and one
    # to write; and what a process has open anyway.
    parts = len(connections.settings) + len(settings.CACHES)
    needed = gunicorn.worker_connections + gunicorn.threads * (parts + 2) + 64
    allowed = most_open_files()
    if allowed < needed:
        return off(
            f"the limit of open files is {allowed}, and a process needs {needed}: set "
            f"LimitNOFILE={OPEN_FILES} in systemd, or ulimits in Compose"
        )
    return on(f"the limit is {allowed}, and a process needs {needed}")


def https() -> Finding:
    if not settings.SESSION_COOKIE_SECURE:
        return embedded(
            "http is allowed: set DJANGO_SETTINGS_MODULE=config.settings.production"
        )
    if not settings.SECURE_PROXY_SSL_HEADER:
        return off("https requests look like http: set SECURE_PROXY_SSL_HEADER")
    if any(ip_network(each).prefixlen == 0 for each in settings.TRUSTED_PROXIES):
        return off(
            "any client can forge its IP and scheme: name the proxies in "
            "TRUSTED_PROXIES"
        )
    return on(f"HSTS for {settings.SECURE_HSTS_SECONDS} s")


def runserver() -> Finding:
    owner = get_commands()["runserver"]
    if owner != "plinth":
        return off(
            f"the runserver of {owner} starts without DEBUG: "
            "put plinth above it in INSTALLED_APPS"
        )
    return on("runserver refuses without DEBUG")


def metrics() -> Finding:
    bind = getattr(settings, "METRICS_BIND", "")
    if not bind:
        return embedded("nothing is measured: set METRICS_BIND to an address")
    middleware = "plinth.metrics.middleware.MetricsMiddleware"
    if middleware not in settings.MIDDLEWARE:
        return off(f"no request is counted: put {middleware} into MIDDLEWARE")
    if bind == gunicorn_settings().bind:
        return off("visitors can read the metrics: give METRICS_BIND another port")
    return on(f"at {bind}")


def objectives() -> Finding:
    from plinth.monitoring.alerts import OBJECTIVES
    from plinth.monitoring.rules import number

    measured = metrics()
    if measured.state is not State.ON:
        return Finding(measured.state, "no objective is measured: set METRICS_BIND")
    numbers = {each.name: number(each) for each in OBJECTIVES}
    return on(
        ", ".join(f"{name} {value} %" for name, value in numbers.items() if value)
    )


def log_lines() -> Finding:
    from plinth.logs.formatters import JsonFormatter

    handlers = logging.getLogger().handlers
    if not any(isinstance(each.formatter, JsonFormatter) for each in handlers):
        return embedded(
            "lines are for a terminal: "
            "set DJANGO_SETTINGS_MODULE=config.settings.production"
        )
    return on("JSON lines; deploy/logs ships them, if it runs: the site cannot tell")


# They slow pages down, or show internals.
DEVELOPMENT_APPS = (
    "plinth.mail.inbox",
    "debug_toolbar",
    "django_browser_reload",
    "django_extensions",
    "silk",
    "zeal",
)


def error_tracking() -> Finding:
    # The SDK is imported where it is in use; the agent starts in servers alone.
    if sentry := sys.modules.get("sentry_sdk"):
        client = sentry.get_client()
        if client.is_active():
            return on(f"Sentry at {urlsplit(client.dsn).hostname}")
    if extras.is_installed("newrelic") and Env()("NEW_RELIC_LICENSE_KEY"):
        return on("New Relic")
    return embedded(
        "errors are only in the log: set SENTRY_DSN or NEW_RELIC_LICENSE_KEY"
    )


def development_apps() -> Finding:
    here = ", ".join(filter(apps.is_installed, DEVELOPMENT_APPS))
    if here and not settings.DEBUG:
        return off(f"{here} in production: move it to config/settings/local.py")
    return on(here or "no development tool is installed")
