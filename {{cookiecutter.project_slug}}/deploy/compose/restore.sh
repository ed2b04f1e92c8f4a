#!/bin/sh
# Restores a backup, ./restore.sh KEY [BACKUP]: ../restore.sh says how.
# shellcheck disable=SC2154,SC2329
set -eu

start_server() {
    image=$(sed -n 's/^ *image: \(postgres:.*\)/\1/p' compose.yml)
    docker run --detach --name "$drill" --network none --shm-size 256m \
        --env POSTGRES_HOST_AUTH_METHOD=trust "$image" -c fsync=off -c max_wal_size=4GB
}

remove_server() {
    docker rm --force --volumes "$drill"
}

server() {
    if [ "$drill" ]; then
        docker exec --interactive "$drill" "$@"
    else
        docker compose exec --no-TTY postgres "$@"
    fi
}

create_database() {
    server createdb --username postgres --owner app "$1"
}

unpack_uploads() {
    docker compose run --rm --no-TTY --no-deps migrate tar -C /app -xv
}

finish() {
    # On several hosts, the cache may be elsewhere.
    ! docker compose config --services | grep -qx cache || docker compose restart cache
    # `make restore` names the image that will serve. The one that does may need what the other's
    # last migrations remove.
    serves=$(sed -n 's/^IMAGE=//p' .env)
    [ "${IMAGE:-$serves}" = "$serves" ] || set -- python manage.py migrate --before-deploy
    docker compose run --rm --no-TTY migrate "$@"
}

# shellcheck source=/dev/null
. "$(dirname "$0")/../restore.sh"
