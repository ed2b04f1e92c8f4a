"""CACHES from environment variables."""

from typing import Any

from plinth.env import Env, fail

LOCAL_MEMORY = "django.core.cache.backends.locmem.LocMemCache"


def caches(env: Env, redis_url: str) -> dict[str, dict[str, Any]]:
    """Return the aliases `default`, `sessions`, `locks`, `throttle` and `process`.

    REDIS_SESSIONS_URL and REDIS_LOCKS_URL move an alias to a Redis server of its own. Without a
    Redis, each is in the process's memory; `process` always is.
    """
    urls = {
        "default": redis_url,
        "sessions": env.url("REDIS_SESSIONS_URL", "redis", "rediss", "unix"),
        "locks": env.url("REDIS_LOCKS_URL", "redis", "rediss", "unix"),
        "throttle": "",
    }
    client = (
        "counting.CountingClient" if env("METRICS_BIND") else "redis.SharedServerClient"
    )
    aliases = {
        alias: redis(alias, url or redis_url, client) for alias, url in urls.items()
    }
    return {**aliases, "process": {"BACKEND": LOCAL_MEMORY, "LOCATION": "process"}}


def session_store(env: Env, caches: dict[str, dict[str, Any]]) -> str:
    """Return the name of Django's session backend, by SESSION_STORE."""
    shared = caches["sessions"]["BACKEND"] != LOCAL_MEMORY
    stores = ("cache", "cached_db", "db")
    default = "cached_db" if shared else "db"
    store = env.choice("SESSION_STORE", *stores, default=default)
    if store != "db" and not shared:
        # A process would not see the sign-in, or the sign-out, of another.
        fail("SESSION_STORE", "db, unless REDIS_URL is set")
    return store


def redis(alias: str, url: str, client: str) -> dict[str, Any]:
    if not url:
        # Counters are small, and no flood of pages or counters may evict one.
        entries = 100_000 if alias == "throttle" else 300
        options = {"MAX_ENTRIES": entries}
        return {"BACKEND": LOCAL_MEMORY, "LOCATION": alias, "OPTIONS": options}
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": alias,
        "OPTIONS": {
            "CLIENT_CLASS": f"plinth.cache.{client}",
            "CONNECTION_POOL_CLASS": "plinth.cache.redis.CircuitBreakerPool",
            # Caches fail open: a page without its cache is slow. Locks fail closed.
            "IGNORE_EXCEPTIONS": alias != "locks",
            # Seconds.
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 1,
        },
    }
