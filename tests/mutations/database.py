"""The databases: who serves a read, who shares a connection, and who goes past."""

from tests.mutations import Mutation, delete, replace

DATABASES = "config/databases.py"
ROUTERS = "apps/core/routers.py"
REPLICAS = "apps/core/replicas.py"
MIDDLEWARE = "apps/core/middleware.py"

MUTATIONS = [
    Mutation(
        15,
        "no-router",
        replace(
            "config/settings/base.py",
            '["apps.core.routers.PrimaryReplicaRouter"]',
            "[]",
        ),
    ),
    Mutation(
        15,
        "posts-read-old-data",
        replace(MIDDLEWARE, '{"GET", "HEAD"}', '{"GET", "HEAD", "POST"}'),
    ),
    Mutation(
        15,
        "a-write-is-not-seen",
        replace(
            ROUTERS, "        self.stay_on_primary()\n        return", "        return"
        ),
    ),
    Mutation(
        15,
        "a-write-is-forgotten",
        replace(MIDDLEWARE, "if routers.current().has_written:", "if False:"),
    ),
    Mutation(
        15,
        "transactions-are-divided",
        replace(ROUTERS, " or connections[self.to].in_atomic_block", ""),
    ),
    Mutation(15, "signed-out", replace(ROUTERS, '{"sessions"}', "set()")),
    Mutation(
        15,
        "objects-are-strangers",
        replace(ROUTERS, "        return True\n", "        return None\n"),
    ),
    Mutation(
        15,
        "one-route-for-all",
        replace(ROUTERS, "local = Local()", 'local = type("Local", (), {})()'),
    ),
    Mutation(
        15,
        "migrated-too",
        replace(ROUTERS, "return db not in replicas.aliases()", "return True"),
    ),
    Mutation(
        15,
        "a-failure-is-shown",
        replace(MIDDLEWARE, "isinstance(exception, OperationalError)", "False"),
    ),
    Mutation(
        15,
        "a-slow-query-twice",
        replace(MIDDLEWARE, 'QUERY_CANCELED = "57014"', 'QUERY_CANCELED = "0"'),
    ),
    Mutation(
        15,
        "one-that-failed-serves-on",
        replace(MIDDLEWARE, "replicas.check(route.replica)", "pass"),
    ),
    Mutation(
        15,
        "lag-does-not-count",
        replace(REPLICAS, "lag(alias) <= settings", "lag(alias) >= 0 * settings"),
    ),
    Mutation(
        15,
        "asked-for-each-request",
        replace(REPLICAS, "due[alias] = now + CHECK_SECONDS", "cache.clear()"),
    ),
    Mutation(
        15,
        "unknown-ones-serve",
        replace(REPLICAS, "default=False)", "default=True)"),
    ),
    Mutation(
        15,
        "old-data-are-kept-as-new",
        replace("apps/core/caching.py", "routers.current().stay_on_primary()", "pass"),
    ),
    Mutation(
        34,
        "no-pool",
        replace(DATABASES, 'default="native" if', 'default="none" if'),
    ),
    Mutation(
        34, "any-size", replace(DATABASES, '"max_size": self.pool_size', '"a": 1')
    ),
    Mutation(
        34,
        "cursors-behind-pgbouncer",
        replace(DATABASES, 'self.pooler == "pgbouncer"', "False"),
    ),
    Mutation(
        34,
        "options-for-pgbouncer",
        replace(DATABASES, 'if self.pooler != "pgbouncer":', "if True:"),
    ),
    Mutation(
        34,
        "migrations-through-pgbouncer",
        replace(DATABASES, 'elif connections.pooler == "pgbouncer":', "elif False:"),
    ),
    Mutation(
        34,
        "a-pooler-for-sqlite",
        replace(DATABASES, "and not on_postgresql", "and False"),
    ),
    Mutation(
        34,
        "migrations-in-a-hurry",
        replace(DATABASES, "max_age=0, statement_timeout=0", "max_age=0"),
    ),
    Mutation(
        34,
        "long-reads-through-pgbouncer",
        replace(ROUTERS, "return DIRECT if pooled else alias", "return alias"),
    ),
    Mutation(
        34,
        "shared-by-forks",
        replace("config/gunicorn.py", "connection.close_pool()", "pass"),
    ),
    Mutation(
        15, "migrations-by-default", delete("apps/core/management/commands/migrate.py")
    ),
]
