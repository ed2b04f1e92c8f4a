#!/bin/sh
# Creates this host's own files: settings, secrets, and upstream.conf from the colour in .env.
# Other existing files are not changed, so it can be run again. Run as root, which alone may
# change a file's group to that of the containers' user.
# shellcheck disable=SC2034,SC2154
set -eu
cd "$(dirname "$0")"
group=${GROUP:-10001}
pooler=pgbouncer:6432 database=postgres:5432 cache=cache:6379
# {% if cookiecutter.use_celery %}
broker=broker:6379
# {% endif %}
# shellcheck source=/dev/null
. ../setup.sh

mkdir -p cache
random | make secrets/postgres_password
printf 'postgres://%s@replica:6432/app' "$login" | make secrets/database_replica_url
printf '{"redis://cache:6379": "%s", "redis://broker:6379": "%s"}' "$redis" "$redis" | make secrets/redis_exporter.json
# Secrets of yours; an empty file counts as unset.
sed -n 's|^ *file: ||p' compose.yml logs.yml monitoring.yml | while read -r secret; do
    make "$secret" </dev/null
done

make .env <.env.example
write_upstream "$(sed -n 's/^COMPOSE_PROFILES=//p' .env)" || {
    echo "COMPOSE_PROFILES in .env must be blue or green." >&2
    exit 1
}

chgrp "$group" cache static secrets secrets/* tls 2>/dev/null || {
    echo "Run setup.sh as root: the containers cannot read the secrets." >&2
    exit 1
}
chmod 770 cache static
chmod 640 secrets/*
if [ -e tls/privkey.pem ]; then
    chgrp "$group" tls/*
    chmod 640 tls/privkey.pem
else
    echo "Put a certificate into tls/ and run setup.sh again: docs/production.md."
fi
# Readable by all: the containers' users do not exist here.
chmod -R a+rX targets ../logs ../monitoring ../nginx ../pgbouncer ../postgresql
[ -s secrets/email_url ] || echo "Write the address of your email provider into secrets/email_url (smtp://...): docs/mail.md."
