"""In-process caches until REDIS_URL names a server: docs/caching.md."""

from config.settings.environment import env
from plinth.cache.settings import caches, session_store

REDIS_URL = env.url("REDIS_URL", "redis", "rediss", "unix")
# `default`, `sessions`, `locks` and, in memory, `process`. Sessions and locks may have a
# Redis of their own, which evicts nothing (maxmemory-policy noeviction).
CACHES = caches(env, REDIS_URL)
# One line each time that Redis stops answering: plinth.cache.redis.
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# `cached_db` reads sessions from Redis and writes them to the database too, so that
# losing Redis signs nobody out. `cache` uses Redis alone, and `db` none.
SESSION_ENGINE = f"django.contrib.sessions.backends.{session_store(env, CACHES)}"
SESSION_CACHE_ALIAS = "sessions"

# django-cachalot caches the queries of these tables, which are read often and written
# rarely, and of those that apps name in their AppConfig (`cached_tables`). Only with
# Redis: without it, a process would not see another's writes.
CACHALOT_ONLY_CACHABLE_TABLES = ["auth_permission", "django_content_type"]
CACHALOT_DATABASES = ["default"]
CACHALOT_TABLE_KEYGEN = "plinth.database.query_cache.table_key"
# Seconds until an entry expires that a write has not invalidated.
CACHALOT_TIMEOUT = 60
# iterator() is for results that are too large to cache.
CACHALOT_CACHE_ITERATORS = False
