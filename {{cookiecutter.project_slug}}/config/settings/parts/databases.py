"""SQLite until DATABASE_URL names PostgreSQL: docs/databases.md."""

from config.settings.environment import BASE_DIR, env
from plinth.database.settings import databases

# The primary as `default`, read replicas as `replica_1`..., and `direct`, which bypasses
# the pooler for migrations.
DATABASES = databases(
    env,
    sqlite=BASE_DIR / "db.sqlite3",
    application_name="{{ cookiecutter.project_slug }}",
)
DATABASE_ROUTERS = ["plinth.database.routers.PrimaryReplicaRouter"]
# Seconds. A replica that lags more receives no reads; after a write, a client reads from
# the primary for this time plus 5 seconds.
DATABASE_REPLICA_MAX_LAG = env.integer("DATABASE_REPLICA_MAX_LAG", default=5)
