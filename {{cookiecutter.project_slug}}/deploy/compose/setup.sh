#!/bin/sh
# Creates this host's own files: settings, secrets, the colour that serves. Existing files are
# not changed, so it can be run again. Run as root, which alone may change a file's group to
# that of the containers' user.
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
password=$(cat secrets/postgres_password)
login=app:$password
printf 'postgres://%s@pgbouncer:6432/app' "$login" | make secrets/database_url
printf 'postgres://%s@postgres:5432/app' "$login" | make secrets/database_direct_url
printf '"app" "%s"\n' "$password" | make secrets/userlist
# Secrets of yours; an empty file counts as unset.
sed -n 's|^ *file: ||p' compose.yml monitoring.yml | while read -r secret; do
    make "$secret" </dev/null
done

make .env <.env.example
make site.env <site.env.example
make upstream.conf <../nginx/upstream.conf

chgrp "$group" cache static secrets secrets/* tls || {
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
# Readable by all: nginx runs in its container as a user that does not exist here.
chmod 755 acme
chmod 644 upstream.conf
[ -s secrets/email_url ] || echo "Write the address of your email provider into secrets/email_url (smtp://...): docs/mail.md."
