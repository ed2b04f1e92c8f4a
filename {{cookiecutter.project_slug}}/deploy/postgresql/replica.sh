#!/bin/sh
# On the primary, as the superuser: lets the role `replica` copy the database and follow it.
# Standard input has its password. Connections are what pg_hba.conf says; by default, from anywhere.
# --ask: says only whether the replica has to copy the database.
set -eu
sql() {
    psql --username postgres --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 "$@"
}

password=$(cat)
slot=$(sql --command "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'replica'")
# `lost`: the replica was away for too long, and has to copy the database again.
[ -z "$slot" ] || [ "$slot" = lost ] || exit 0
[ "${1-}" != --ask ] || { echo "The replica has to copy the database." && exit; }
hba=$(sql --command 'SHOW hba_file')
grep -q '^host replication replica' "$hba" || echo 'host replication replica all scram-sha-256' >>"$hba"
sql <<SQL >/dev/null
\\set password '$password'
SELECT 'CREATE ROLE replica' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replica') \gexec
ALTER ROLE replica REPLICATION LOGIN PASSWORD :'password';
-- So much of the write-ahead log waits for a replica that is away.
ALTER SYSTEM SET max_slot_wal_keep_size = '1GB';
SELECT pg_reload_conf();
SELECT pg_drop_replication_slot('replica') FROM pg_replication_slots WHERE slot_name = 'replica';
SELECT pg_create_physical_replication_slot('replica', true);
SQL
echo "The replica may connect."
