"""Caches, kept queries, what caches on the way may keep, an import by COPY."""

from tests.mutations import Mutation, replace

BASE = "config/settings/base.py"
CACHING = "plinth/src/plinth/cache/versions.py"
KEPT = "plinth/src/plinth/database/query_cache.py"
MIDDLEWARE = "plinth/src/plinth/http/middleware.py"
REDIS = "plinth/src/plinth/cache/redis.py"

MUTATIONS = [
    # Kept queries
    Mutation(
        3,
        "in-each-process-by-itself",
        replace(
            BASE,
            'if REDIS_URL:\n    INSTALLED_APPS += ["cachalot"]',
            'INSTALLED_APPS += ["cachalot"]',
        ),
        "test_without_redis_nothing_is_kept",
    ),
    Mutation(
        3,
        "of-every-table",
        replace(BASE, "CACHALOT_ONLY_CACHABLE_TABLES = [", "KEPT = ["),
        "test_a_query_is_kept_until_its_table_is_written",
    ),
    Mutation(
        3,
        "read-from-a-replica",
        replace("plinth/src/plinth/database/routers.py", " or kept.holds(model)", ""),
        "test_what_is_kept_is_read_from_the_primary",
    ),
    Mutation(
        3,
        "not-dropped-by-a-migration",
        replace(KEPT, 'f"cachalot:{table}"', 'f"cachalot:{alias}:{table}"'),
        "test_a_write_under_any_alias_drops_what_is_kept",
    ),
    Mutation(
        3,
        "not-dropped-by-sql",
        replace(
            BASE,
            "CACHALOT_CACHE_ITERATORS = False",
            "CACHALOT_CACHE_ITERATORS = CACHALOT_INVALIDATE_RAW = False",
        ),
        "test_a_query_is_kept_until_its_table_is_written",
    ),
    # Caches
    Mutation(
        14,
        "locks-for-all",
        replace(BASE, 'EXCEPTIONS": alias != "locks"', 'EXCEPTIONS": True'),
        "test_who_asks_for_a_lock_hears_that_redis_is_dead",
    ),
    Mutation(
        14,
        "a-server-that-hangs-is-asked-again",
        replace(REDIS, "time.monotonic() + PAUSE", "0"),
        "test_a_cache_that_hangs_costs_a_page_seconds_and_no_error",
    ),
    Mutation(
        14,
        "a-server-that-hung-is-left-for-good",
        replace(REDIS, "time.monotonic() + PAUSE", "10**9"),
        "test_a_server_that_did_not_answer_is_asked_again_after_a_pause",
    ),
    Mutation(
        14,
        "computed-by-each",
        replace(
            CACHING, 'return caches["locks"].add(key, 1, LOCK_SECONDS)', "return True"
        ),
        "test_who_asks_for_a_lock_hears_that_redis_is_dead",
    ),
    Mutation(
        14,
        "two-at-once",
        replace(CACHING, 'not caches["locks"].add(name, 1, seconds)', "not take(name)"),
        "test_who_asks_for_a_lock_hears_that_redis_is_dead",
    ),
    Mutation(
        14,
        "anothers-lock-is-ended",
        replace(CACHING, "time.monotonic() < end - 1", "True"),
        "test_a_block_that_took_too_long_leaves_anothers_lock_alone",
    ),
    # Caches on the way
    Mutation(
        55,
        "a-session-is-public",
        replace(MIDDLEWARE, "settings.SESSION_COOKIE_NAME in request.COOKIES", "False"),
        "test_no_cache_in_front_keeps_a_page_for_who_has_a_session",
    ),
]
