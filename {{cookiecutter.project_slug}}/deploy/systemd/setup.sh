#!/bin/sh
# Creates this host's own files: settings, secrets, folders, and upstream.conf. Existing ones are
# not changed, so it can be run again. servers.sh writes those of the system.
# shellcheck disable=SC2034,SC2154
set -eu
cd "$(dirname "$0")"
pooler=127.0.0.1:6432 database=127.0.0.1:5432 cache=127.0.0.1:6379
# {% if cookiecutter.use_celery %}
broker=127.0.0.1:6380
# {% endif %}
# shellcheck source=/dev/null
. ../setup.sh

printf '{"redis://127.0.0.1:6379": "%s", "redis://127.0.0.1:6380": "%s"}' "$redis" "$redis" | make secrets/redis_exporter
# Secrets of yours; an empty file counts as unset.
sed -n 's|^LoadCredential=\([a-z_]*\):.*|\1|p' units/site-.service.d/site.conf monitoring/*.conf | while read -r secret; do
    make "secrets/$secret" </dev/null
done
# Only root: systemd gives each unit copies.
chmod 700 secrets
[ -e upstream.conf ] || write_upstream blue
chmod 755 static tls
chmod -R a+rX ../monitoring ../nginx monitoring
[ -s secrets/email_url ] || echo "Write the address of your email provider into secrets/email_url (smtp://...): docs/mail.md."
