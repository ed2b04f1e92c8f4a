# shellcheck shell=sh disable=SC2154
# A host's own files: secrets, settings, and upstream.conf for the colour that serves. setup.sh of
# a target (compose, systemd) sources this file, in its own folder, after it has named
#
#   pooler, database, cache, broker     the addresses of the servers; a site may have no broker
set -eu
umask 027

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

# nginx's upstream.conf for a colour.
write_upstream() {
    case $1 in
    blue | green) sed "s|/blue\.sock|/$1.sock|" ../nginx/upstream.conf >upstream.conf ;;
    *) return 1 ;;
    esac
    chmod 644 upstream.conf
}

mkdir -p acme secrets static textfile tls
# Readable by all: nginx and node-exporter have users of their own.
chmod 755 acme textfile
random | make secrets/secret_key
random | make secrets/app_password
password=$(cat secrets/app_password)
login=app:$password
printf 'postgres://%s@%s/app' "$login" "$pooler" | make secrets/database_url
printf 'postgres://%s@%s/app' "$login" "$database" | make secrets/database_direct_url
printf '"app" "%s"\n' "$password" | make secrets/userlist
random | make secrets/replica_password
printf 'requirepass %s\n' "$(random)" | make secrets/redis.conf
redis=$(cut -d ' ' -f 2 secrets/redis.conf)
printf 'redis://:%s@%s/0' "$redis" "$cache" | make secrets/redis_url
# {% if cookiecutter.use_celery %}
printf 'redis://:%s@%s/0' "$redis" "$broker" | make secrets/celery_broker_url
printf 'redis://:%s@%s/1' "$redis" "$broker" | make secrets/redis_locks_url
# {% endif %}
make site.env <../site.env.example
