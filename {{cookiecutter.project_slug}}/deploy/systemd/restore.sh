#!/bin/sh
# Restores a backup, ./restore.sh KEY [BACKUP]: ../restore.sh says how. Run as root.
# shellcheck disable=SC2154,SC2329
set -eu
for programs in /usr/lib/postgresql/*/bin; do :; done

start_server() {
    chmod 711 "$work"
    install --directory --owner postgres "$work/data"
    runuser --user postgres -- "$programs/initdb" --auth-local trust --auth-host reject --encoding UTF8 --pgdata "$work/data"
    runuser --user postgres -- "$programs/pg_ctl" --pgdata "$work/data" --log "$work/data/log" --wait start \
        --options "-c listen_addresses=127.0.0.1 -p 54320 -k $work/data -c fsync=off -c max_wal_size=4GB"
}

remove_server() {
    runuser --user postgres -- "$programs/pg_ctl" --pgdata "$work/data" --mode immediate stop
}

# PostgreSQL takes a user of the system for the role of that name.
server() {
    user=app
    case "$*" in *"--username postgres"*) user=postgres ;; esac
    if [ "$drill" ]; then
        PGHOST=$work/data PGPORT=54320 runuser --user postgres -- "$@"
    else
        runuser --user "$user" -- "$@"
    fi
}

create_database() {
    server createdb --username postgres --owner app --template template0 --encoding UTF8 \
        --locale C.UTF-8 --locale-provider icu --icu-locale en-US "$1"
}

unpack_uploads() {
    tar -C ../.. -xv
}

finish() {
    # shellcheck source=/dev/null
    . ./host.sh
    ! has cache || systemctl restart redis-server@cache
    # Where no release serves, the next one migrates.
    [ ! -e ../../releases/current ] || ./python.sh manage.py migrate
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../restore.sh"
