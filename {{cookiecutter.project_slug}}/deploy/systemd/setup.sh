#!/bin/sh
# Creates this host's own files: settings, secrets, folders, and upstream.conf. Existing ones are
# not changed, so it can be run again. servers.sh writes those of the system.
# shellcheck disable=SC2034,SC2154
set -eu
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.sh
pooler=$DATABASE_HOST:6432 database=$DATABASE_HOST:5432 cache=$CACHE_HOST:6379
# {% if cookiecutter.use_celery %}
broker=$CACHE_HOST:6380
# {% endif %}
# shellcheck source=/dev/null
. ../setup.sh
if [ -e host.env ]; then
    # A server may have moved to another host. URLs with other passwords are yours.
    before=$(cat secrets/*_url)
    echo "s|//$login@[^:]*|//$login@$DATABASE_HOST|; s|//:$redis@[^:]*|//:$redis@$CACHE_HOST|" |
        sed -i -f /dev/stdin secrets/*_url
    case $(cat secrets/database_replica_url 2>/dev/null) in
    "" | "postgres://$login@"*)
        printf %s "${REPLICA_HOST:+postgres://$login@$REPLICA_HOST:6432/app}" >secrets/database_replica_url
        ;;
    esac
    [ "$before" = "$(cat secrets/*_url)" ] || echo "Changed the addresses of servers."
fi

printf '{"redis://127.0.0.1:6379": "%s", "redis://127.0.0.1:6380": "%s"}' "$redis" "$redis" | make secrets/redis_exporter
# Secrets of yours; an empty file counts as unset.
sed -n 's|^LoadCredential=\([a-z_]*\):.*|\1|p' units/site-.service.d/site.conf monitoring/*.conf | while read -r secret; do
    make "secrets/$secret" </dev/null
done
# Only root: systemd gives each unit copies.
chmod 700 secrets
grep -qs /run/app/ upstream.conf || write_upstream blue
chmod 755 static tls
chmod -R a+rX ../monitoring ../nginx monitoring
[ -s secrets/email_url ] || echo "Write the address of your email provider into secrets/email_url (smtp://...): docs/mail.md."
