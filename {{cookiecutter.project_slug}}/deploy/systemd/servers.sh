#!/bin/sh
# Writes the settings of PostgreSQL, PgBouncer, Redis and nginx, and the units of systemd, from
# deploy/; restarts what they change, and starts what does not run. As root, after setup.sh.
set -eu
cd "$(dirname "$0")"
umask 077
folder=$(realpath ../..)
for cluster in /etc/postgresql/*/main; do :; done
version=$(basename "$(dirname "$cluster")")
postgresql=postgresql@$version-main

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

sed "s/^listen_addresses = .*/listen_addresses = 'localhost'/" ../postgresql/postgresql.conf |
    put "$cluster/conf.d/site.conf" postgres "$postgresql"
sed 's/host=postgres /host=127.0.0.1 /; s/^listen_addr = .*/listen_addr = 127.0.0.1/' \
    ../pgbouncer/pgbouncer.ini | put /etc/pgbouncer/pgbouncer.ini postgres pgbouncer
put /etc/pgbouncer/userlist.txt postgres pgbouncer <secrets/userlist
services="$postgresql pgbouncer"
for settings in redis-*.conf; do
    service=redis-server@$(basename "${settings#redis-}" .conf)
    cat "$settings" secrets/redis.conf | put "/etc/redis/$settings" redis "$service"
    services="$services $service"
done
umask 022
for unit in $(cd units && find -- * -type f); do
    mkdir -p "/etc/systemd/system/$(dirname "$unit")"
    case $unit in
    nginx*) service=nginx ;;
    pgbouncer*) service=pgbouncer ;;
    # A release that starts reads its unit.
    *) service=none ;;
    esac
    sed "s|/srv/{{ cookiecutter.project_slug }}/|$folder/|g" "units/$unit" |
        put "/etc/systemd/system/$unit" root "$service"
done

# From a run that was interrupted, too.
if [ -e .restart ]; then
    systemctl daemon-reload
    sort -u .restart | grep -vx none | xargs --no-run-if-empty systemctl try-restart
    rm .restart
fi
# A cluster that has never run.
[ -e "/var/lib/postgresql/$version/main/postmaster.opts" ] ||
    as_postgres "/usr/lib/postgresql/$version/bin/pg_checksums" --enable --pgdata "/var/lib/postgresql/$version/main" >/dev/null
for service in $services; do
    systemctl is-active --quiet "$service" || {
        systemctl enable --quiet --now "$service"
        echo "Started $service."
    }
done
exists "pg_roles WHERE rolname = 'app'" || as_postgres createuser app
printf "\\\\set password '%s'\nALTER ROLE app PASSWORD :'password'\n" "$(cat secrets/app_password)" |
    as_postgres psql --quiet --set ON_ERROR_STOP=1
# Sorts as people do, whatever locales the system has.
exists "pg_database WHERE datname = 'app'" ||
    as_postgres createdb --owner app --template template0 --encoding UTF8 \
        --locale C.UTF-8 --locale-provider icu --icu-locale en-US app
