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
# Seconds. A replica that lags further behind leaves the rotation, and a write pins its
# client to the primary for as long.
DATABASE_REPLICA_MAX_LAG = env.integer("DATABASE_REPLICA_MAX_LAG", default=5)
