"""Caches, kept queries, what caches on the way may keep, an import by COPY."""

from tests.mutations import Mutation, replace

BASE = "config/settings/base.py"
CACHING = "apps/core/caching.py"
KEPT = "apps/core/kept.py"
MIDDLEWARE = "apps/core/middleware.py"
REDIS = "apps/core/redis.py"

MUTATIONS = [
    # Kept queries
    Mutation(3, "none", replace(BASE, 'INSTALLED_APPS += ["cachalot"]', "pass")),
    Mutation(
        3,
        "in-each-process-by-itself",
        replace(
            BASE,
            'if REDIS_URL:\n    INSTALLED_APPS += ["cachalot"]',
            'INSTALLED_APPS += ["cachalot"]',
        ),
    ),
    Mutation(
        3,
        "of-every-table",
        replace(BASE, "CACHALOT_ONLY_CACHABLE_TABLES = [", "KEPT = ["),
    ),
    Mutation(
        3,
        "of-a-replica",
        replace(BASE, 'CACHALOT_DATABASES = ["default"]', ""),
    ),
    Mutation(
        3,
        "read-from-a-replica",
        replace("apps/core/routers.py", " or kept.holds(model)", ""),
    ),
    Mutation(
        3,
        "not-dropped-by-a-migration",
        replace(KEPT, 'f"cachalot:{table}"', 'f"cachalot:{alias}:{table}"'),
    ),
    Mutation(
        3, "for-ever", replace(BASE, "CACHALOT_TIMEOUT = 60", "CACHALOT_TIMEOUT = None")
    ),
    Mutation(
        3,
        "chunks-too",
        replace(BASE, "CACHALOT_CACHE_ITERATORS = False", ""),
    ),
    Mutation(
        3,
        "not-dropped-by-sql",
        replace(
            BASE,
            "CACHALOT_CACHE_ITERATORS = False",
            "CACHALOT_CACHE_ITERATORS = CACHALOT_INVALIDATE_RAW = False",
        ),
    ),
    Mutation(3, "of-no-such-table", replace(BASE, '"auth_permission"', '"permission"')),
    # Caches
    Mutation(
        14,
        "locks-for-all",
        replace(BASE, 'EXCEPTIONS": alias != "locks"', 'EXCEPTIONS": True'),
    ),
    Mutation(
        14,
        "a-server-that-hangs-is-asked-again",
        replace(REDIS, "time.monotonic() + PAUSE", "0"),
    ),
    Mutation(
        14,
        "a-server-that-hung-is-left-for-good",
        replace(REDIS, "time.monotonic() + PAUSE", "10**9"),
    ),
    Mutation(
        14,
        "names-that-meet",
        replace(BASE, '"KEY_PREFIX": alias', '"KEY_PREFIX": ""'),
    ),
    Mutation(
        14,
        "sessions-among-pages",
        replace(
            BASE, 'SESSION_CACHE_ALIAS = "sessions"', 'SESSION_CACHE_ALIAS = "default"'
        ),
    ),
    Mutation(
        14,
        "one-memory-for-all",
        replace(BASE, '        "LOCATION": alias,', '        "LOCATION": "",'),
    ),
    Mutation(
        14,
        "computed-by-each",
        replace(
            CACHING, 'return caches["locks"].add(key, 1, LOCK_SECONDS)', "return True"
        ),
    ),
    Mutation(
        14,
        "no-lock-no-page",
        replace(
            CACHING,
            'logger.exception("No lock is to be had")\n        return True',
            "raise",
        ),
    ),
    Mutation(
        14,
        "two-at-once",
        replace(CACHING, 'not caches["locks"].add(name, 1, seconds)', "not take(name)"),
    ),
    Mutation(
        14,
        "anothers-lock-is-ended",
        replace(CACHING, "time.monotonic() < end - 1", "True"),
    ),
    # Caches on the way
    Mutation(
        55,
        "a-session-is-public",
        replace(MIDDLEWARE, "settings.SESSION_COOKIE_NAME in request.COOKIES", "False"),
    ),
    Mutation(
        55,
        "a-cookie-is-public",
        replace(MIDDLEWARE, "or response.cookies", "or False"),
    ),
]
