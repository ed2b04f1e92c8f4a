#!/bin/sh
# In the primary's container: lets the role `replica` copy the database. Standard input has its
# password.
set -eu
! grep -q '^host replication replica' "$PGDATA/pg_hba.conf" || exit 0
password=$(cat)
psql --username postgres --quiet --set ON_ERROR_STOP=1 --set password="$password" <<'SQL'
CREATE ROLE replica REPLICATION LOGIN PASSWORD :'password';
-- So much of the write-ahead log waits for a replica that is away.
ALTER SYSTEM SET wal_keep_size = '1GB';
SQL
echo 'host replication replica all scram-sha-256' >>"$PGDATA/pg_hba.conf"
psql --username postgres --quiet --command 'SELECT pg_reload_conf()' >/dev/null
echo "The replica may connect."
