#!/bin/sh
# Make what this host alone has: settings, secrets, and which colour serves. What is there
# stays as it is, so that it may run again. As root: nobody else may give files to the
# group of the containers' user.
set -eu
cd "$(dirname "$0")"
umask 027
group=${GROUP:-10001}

# 64 characters that a URL, a shell or PgBouncer take as they are.
random() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# Write what comes in to a file, unless it is there. Never half of it.
make() {
    if [ -e "$1" ]; then
        cat >/dev/null
    else
        cat >"$1.new"
        mv "$1.new" "$1"
        echo "$1 is made."
    fi
}

mkdir -p acme cache secrets static tls
random | make secrets/secret_key
random | make secrets/postgres_password
password=$(cat secrets/postgres_password)
login=app:$password
printf 'postgres://%s@pgbouncer:6432/app' "$login" | make secrets/database_url
printf 'postgres://%s@postgres:5432/app' "$login" | make secrets/database_direct_url
printf '"app" "%s"\n' "$password" | make secrets/userlist
# What only you can know; an empty file counts as none.
sed -n 's|^ *file: ||p' compose.yml | while read -r secret; do
    make "$secret" </dev/null
done

make .env <.env.example
make site.env <site.env.example
make upstream.conf <../nginx/upstream.conf

chgrp "$group" cache static secrets secrets/* tls || {
    echo "Run it as root: the containers may not read the secrets." >&2
    exit 1
}
chmod 770 cache static
chmod 640 secrets/*
if [ -e tls/privkey.pem ]; then
    chgrp "$group" tls/*
    chmod 640 tls/privkey.pem
else
    echo "Put a certificate into tls/, and run this again: docs/production.md."
fi
# What anybody may know: nginx, in its container, is nobody here.
chmod 755 acme
chmod 644 upstream.conf
[ -s secrets/email_url ] || echo "Write into secrets/email_url who carries mail, smtp://...: README.md."
