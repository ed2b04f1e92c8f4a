"""Caches: of responses, queries, sessions and values, and their locks."""

from tests.mutations import Mutation, replace

CACHES = "plinth/src/plinth/cache/settings.py"
LOCKS = "plinth/src/plinth/cache/locks.py"
MICROCACHE = "plinth/src/plinth/cache/microcache.py"
PAGES = "plinth/src/plinth/cache/pages.py"
PARTS = "config/settings/parts/caches.py"
PRIVACY = "plinth/src/plinth/http/privacy.py"
REDIS = "plinth/src/plinth/cache/redis.py"
STAMPEDE = "plinth/src/plinth/cache/stampede.py"

MUTATIONS = [
    # Microcache
    Mutation(
        1,
        "never-expires",
        replace(MICROCACHE, "cached, TTL)", "cached, None)"),
        "test_cached_response_expires_after_a_second",
    ),
    Mutation(
        1,
        "one-for-all-hosts",
        replace(MICROCACHE, "            request.get_host(),\n", ""),
        "test_key_holds_path_query_host_method_and_language",
    ),
    Mutation(
        1,
        "with-cookies",
        replace(PRIVACY, "response.cookies or nonce", "False"),
        "test_response_of_one_client_is_not_cached",
    ),
    Mutation(
        1,
        "private-ones-too",
        replace(MICROCACHE, '"private" not in', '"secret" not in'),
        "test_response_of_one_client_is_not_cached",
    ),
    # Cached pages
    Mutation(
        1,
        "anonymous-page-for-everybody",
        replace(PAGES, "settings.DEBUG or request.COOKIES", "settings.DEBUG"),
        "test_anonymous_page_is_cached_for_clients_without_a_cookie",
    ),
    # Query cache
    Mutation(
        3,
        "without-redis",
        replace(
            "config/settings/base.py",
            'if REDIS_URL:\n    INSTALLED_APPS += ["cachalot"]',
            'INSTALLED_APPS += ["cachalot"]',
        ),
        "test_without_redis_no_query_is_cached",
    ),
    Mutation(
        3,
        "every-table",
        replace(PARTS, "CACHALOT_ONLY_CACHABLE_TABLES = [", "NAMED = ["),
        "test_query_is_cached_until_its_table_is_written",
    ),
    Mutation(
        3,
        "read-from-a-replica",
        replace(
            "plinth/src/plinth/database/routers.py",
            " or query_cache.is_cached(model)",
            "",
        ),
        "test_cached_tables_are_read_from_the_primary",
    ),
    Mutation(
        3,
        "not-invalidated-by-a-migration",
        replace(
            "plinth/src/plinth/database/query_cache.py",
            'f"cachalot:{table}"',
            'f"cachalot:{alias}:{table}"',
        ),
        "test_query_is_cached_until_its_table_is_written",
    ),
    Mutation(
        3,
        "not-invalidated-by-sql",
        replace(
            PARTS,
            "CACHALOT_CACHE_ITERATORS = False",
            "CACHALOT_CACHE_ITERATORS = CACHALOT_INVALIDATE_RAW = False",
        ),
        "test_query_is_cached_until_its_table_is_written",
    ),
    # Caches, values and locks
    Mutation(
        14,
        "caches-fail-closed",
        replace(CACHES, '"IGNORE_EXCEPTIONS": alias != "locks"', '"a": 1'),
        "test_dead_redis_fails_caches_open_and_locks_closed",
    ),
    Mutation(
        14,
        "no-time-out",
        replace(CACHES, '"SOCKET_TIMEOUT": 1', '"SOCKET_TIMEOUT": None'),
        "test_silent_cache_costs_seconds_and_no_error",
    ),
    Mutation(
        14,
        "circuit-breaker-never-opens",
        replace(REDIS, "time.monotonic() + OPEN_SECONDS", "0"),
        "test_silent_cache_costs_seconds_and_no_error",
    ),
    Mutation(
        14,
        "circuit-breaker-never-closes",
        replace(REDIS, "time.monotonic() + OPEN_SECONDS", "10**9"),
        "test_circuit_breaker_opens_for_seconds_after_a_failure",
    ),
    Mutation(
        14,
        "computed-by-each",
        replace(STAMPEDE, "acquired = lock.acquire()", "acquired = True"),
        "test_one_of_many_concurrent_callers_computes",
    ),
    Mutation(
        14,
        "two-holders",
        replace(LOCKS, "    if not held.acquire():", "    if False:"),
        "test_second_holder_of_a_name_is_refused",
    ),
    Mutation(
        14,
        "releases-its-successor",
        replace(
            LOCKS,
            "            if self.redis is not None:\n                self.redis.release()",
            "            if self.redis is not None:\n"
            "                self.cache.delete(self.name)\n"
            "                self.redis.redis.delete(self.redis.name)",
        ),
        "test_expired_lock_does_not_release_its_successor",
    ),
    # Sessions
    Mutation(
        16,
        "in-the-database",
        replace(CACHES, '"cached_db" if shared', '"db" if shared'),
        "test_cached_session_costs_no_query",
    ),
    # Proxies and browsers
    Mutation(
        55,
        "session-is-public",
        replace(PRIVACY, "settings.SESSION_COOKIE_NAME in request.COOKIES", "False"),
        "test_response_of_a_session_or_with_a_cookie_is_private",
    ),
]
