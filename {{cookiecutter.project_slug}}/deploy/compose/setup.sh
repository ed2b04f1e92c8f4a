#!/bin/sh
# Creates this host's own files: settings, secrets, and upstream.conf from the colour in .env.
# Other existing files are not changed, so it can be run again. Run as root, which alone may
# change a file's group to that of the containers' user.
set -eu
cd "$(dirname "$0")"
umask 027
group=${GROUP:-10001}

# 64 characters that need no quoting in a URL, a shell or PgBouncer.
random() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# Writes standard input to a file, unless it exists; in one step.
make() {
    if [ -e "$1" ]; then
        cat >/dev/null
    else
        cat >"$1.new"
        mv "$1.new" "$1"
        echo "Created $1."
    fi
}

mkdir -p acme cache secrets static textfile tls
random | make secrets/secret_key
random | make secrets/postgres_password
random | make secrets/app_password
random | make secrets/replica_password
password=$(cat secrets/app_password)
login=app:$password
printf 'postgres://%s@pgbouncer:6432/app' "$login" | make secrets/database_url
printf 'postgres://%s@postgres:5432/app' "$login" | make secrets/database_direct_url
printf 'postgres://%s@replica:6432/app' "$login" | make secrets/database_replica_url
printf '"app" "%s"\n' "$password" | make secrets/userlist
printf 'requirepass %s\n' "$(random)" | make secrets/redis.conf
login=:$(cut -d ' ' -f 2 secrets/redis.conf)
printf 'redis://%s@cache:6379/0' "$login" | make secrets/redis_url
printf '{"redis://cache:6379": "%s", "redis://broker:6379": "%s"}' "${login#:}" "${login#:}" | make secrets/redis_exporter.json
# {% if cookiecutter.use_celery %}
printf 'redis://%s@broker:6379/0' "$login" | make secrets/celery_broker_url
printf 'redis://%s@broker:6379/1' "$login" | make secrets/redis_locks_url
# {% endif %}
# Secrets of yours; an empty file counts as unset.
sed -n 's|^ *file: ||p' compose.yml logs.yml monitoring.yml | while read -r secret; do
    make "$secret" </dev/null
done

make .env <.env.example
make site.env <site.env.example
colour=$(sed -n 's/^COMPOSE_PROFILES=//p' .env)
case $colour in
blue | green) ;;
*) echo "COMPOSE_PROFILES in .env must be blue or green." >&2 && exit 1 ;;
esac
sed "s|/blue\.sock|/$colour.sock|" ../nginx/upstream.conf >upstream.conf

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
chmod 755 acme textfile
chmod 644 upstream.conf
chmod -R a+rX targets ../logs ../monitoring ../nginx ../pgbouncer ../postgresql
[ -s secrets/email_url ] || echo "Write the address of your email provider into secrets/email_url (smtp://...): docs/mail.md."
