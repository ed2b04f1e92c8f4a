#!/bin/sh
# Writes the settings of PostgreSQL, PgBouncer, Redis and nginx, and the units of systemd, from
# deploy/; restarts what they change, and starts what does not run. Of the servers, those that
# this host has. As root, after setup.sh.
set -eu
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.sh
umask 077
folder=$(realpath ../..)
for cluster in /etc/postgresql/*/main; do :; done
version=$(basename "$(dirname "$cluster")")
postgresql=postgresql@$version-main data=/var/lib/postgresql/$version/main
programs=/usr/lib/postgresql/$version/bin

# Writes standard input to a file, for a group and a service that has to restart with it.
put() {
    cat >"$1.new"
    if cmp --silent "$1.new" "$1"; then
        rm "$1.new"
        return
    fi
    echo "$3" >>.restart
    chgrp "$2" "$1.new"
    chmod 640 "$1.new"
    mv "$1.new" "$1"
    echo "Changed $1."
}

as_postgres() {
    runuser --user postgres -- "$@"
}

exists() {
    as_postgres psql --no-align --tuples-only --command "SELECT 1 FROM $1" | grep -q 1
}

# An address of its own where other hosts connect.
services=
if has database replica; then
    listen=localhost
    ! has database || listen="$listen${ADDRESS:+, $ADDRESS}"
    sed "s/^listen_addresses = .*/listen_addresses = '$listen'/" ../postgresql/postgresql.conf |
        put "$cluster/conf.d/site.conf" postgres "$postgresql"
    sed "s/host=postgres /host=127.0.0.1 /; s/^listen_addr = .*/listen_addr = 127.0.0.1${ADDRESS:+,$ADDRESS}/" \
        ../pgbouncer/pgbouncer.ini | put /etc/pgbouncer/pgbouncer.ini postgres pgbouncer
    put /etc/pgbouncer/userlist.txt postgres pgbouncer <secrets/userlist
    services="$postgresql pgbouncer"
fi
if has database && [ "$ADDRESS" ]; then
    {
        printf 'local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\n'
        # shellcheck disable=SC2086
        printf 'host app app %s/32 scram-sha-256\n' $DATABASE_CLIENTS
        [ -z "$REPLICA_HOST" ] || printf 'host replication replica %s/32 scram-sha-256\n' "$REPLICA_HOST"
    } | put "$cluster/pg_hba.conf" postgres none
    ! systemctl is-active --quiet "$postgresql" || systemctl reload "$postgresql"
fi
for settings in $(! has cache || echo redis-*.conf); do
    service=redis-server@$(basename "${settings#redis-}" .conf)
    sed "s/^bind .*/&${ADDRESS:+ $ADDRESS}/" "$settings" | cat - secrets/redis.conf |
        put "/etc/redis/$settings" redis "$service"
    services="$services $service"
done
umask 022
# Of uploads: units and backups need them on every host.
install --directory --owner app --group app --mode 750 ../../media
install --directory --owner app --group app --mode 700 ../../private
# The client IP is what the load balancer says.
[ -z "$BALANCER" ] || printf 'set_real_ip_from %s;\nreal_ip_header X-Forwarded-For;\n' "$BALANCER" |
    put real-ip.conf root nginx
for unit in $(cd units && find -- * -type f); do
    part=web
    # A release that starts reads its unit.
    service=none
    case $unit in
    backup*) part=database ;;
    nginx*) service=nginx ;;
    pgbouncer*) part="database replica" service=pgbouncer ;;
    postgresql*) part="database replica" ;;
    redis*) part=cache ;;
    site-beat*) part=beat ;;
    esac
    # shellcheck disable=SC2086
    has $part || continue
    mkdir -p "/etc/systemd/system/$(dirname "$unit")"
    sed "s|/srv/{{ cookiecutter.project_slug }}/|$folder/|g" "units/$unit" |
        put "/etc/systemd/system/$unit" root "$service"
done

# From a run that was interrupted, too.
if [ -e .restart ]; then
    systemctl daemon-reload
    sort -u .restart | grep -vx none | xargs --no-run-if-empty systemctl try-restart
    rm .restart
fi
# A host that was the first of several, or had all of the site.
for unit in $(has beat || echo site-beat) $(has web || echo site-worker site-web@blue site-web@green) \
    $(has web balancer || echo nginx); do
    ! systemctl --quiet is-enabled "$unit" 2>/dev/null || systemctl disable --quiet --now "$unit"
done
# A cluster that has never run.
if has replica && [ ! -e "$data/postmaster.opts" ]; then
    # What an interrupted copy has left, too.
    find "$data" -mindepth 1 -delete
    PGPASSWORD=$(cat secrets/replica_password) as_postgres pg_basebackup --host "$DATABASE_HOST" \
        --username replica --slot replica --checkpoint fast --pgdata "$data" --write-recovery-conf
elif has database && [ ! -e "$data/postmaster.opts" ]; then
    # PostgreSQL 18 has them from the start.
    ! as_postgres env LC_ALL=C "$programs/pg_controldata" "$data" | grep -q 'page checksum version: *0$' ||
        as_postgres "$programs/pg_checksums" --enable --pgdata "$data" >/dev/null
fi
# The primary may have moved.
follows=$data/postgresql.auto.conf
if has replica && [ -e "$follows" ] && ! grep -q " host=$DATABASE_HOST " "$follows"; then
    sed -i "s/ host=[^ ]* / host=$DATABASE_HOST /" "$follows"
    ! systemctl is-active --quiet "$postgresql" || systemctl reload "$postgresql"
    echo "Changed the address of the primary."
fi
! has database || services="$services backup.timer"
for service in $services; do
    systemctl is-active --quiet "$service" || {
        systemctl enable --quiet --now "$service"
        echo "Started $service."
    }
done
has database || exit 0
exists "pg_roles WHERE rolname = 'app'" || as_postgres createuser app
printf "\\\\set password '%s'\nALTER ROLE app PASSWORD :'password'\n" "$(cat secrets/app_password)" |
    as_postgres psql --quiet --set ON_ERROR_STOP=1
# Sorts as people do, whatever locales the system has.
exists "pg_database WHERE datname = 'app'" ||
    as_postgres createdb --owner app --template template0 --encoding UTF8 \
        --locale C.UTF-8 --locale-provider icu --icu-locale en-US app
