#!/bin/sh
# Deploys a release without downtime (blue-green): ./switch.sh [IMAGE], by default the image that
# serves, for changed settings and secrets. The image starts in the idle colour, and traffic
# switches to it when its pages answer; if they do not, the other colour keeps serving. It returns
# to the old colour if errors rise in the first minute (WATCH=60, seconds). Run it again after an
# interruption. ./switch.sh --rollback returns to the release before, in seconds. LAST=no leaves the
# last migrations to deploy/ansible.
set -eu
cd "$(dirname "$0")"
exec 9>.switch
if ! flock --nonblock 9; then
    echo "Another switch is running." >&2
    exit 1
fi

# The colour that nginx serves, whatever an interrupted switch has left in the files.
serving() {
    docker compose exec --no-TTY nginx curl --silent --output /dev/null \
        --write-out '%header{x-upstream}' http://127.0.0.1/health/live/ |
        sed -n 's|^unix:/run/app/\([a-z]*\)\.sock$|\1|p'
}

old=$(serving)
case $old in
blue) new=green ;;
green) new=blue ;;
*) echo "nginx does not answer: docker compose up --detach --wait" >&2 && exit 1 ;;
esac
before=$(sed -n 's/^IMAGE=//p' .env)
export IMAGE="$before"

# Recreated, to read changed files in secrets/.
start() {
    docker compose up --detach --wait --wait-timeout 180 --force-recreate "$@" && return
    docker compose logs --tail 20 "$@" >&2
    return 1
}

nginx() {
    docker compose exec --no-TTY nginx nginx -e stderr -c /etc/nginx/site/nginx.conf "$@"
}

# Writes the colour in place, because nginx has the file mounted, and waits until it serves.
point_nginx() {
    text=$(sed "s|/run/app/[a-z]*\.sock|/run/app/$1.sock|" upstream.conf)
    printf '%s\n' "$text" >upstream.conf
    nginx -t && nginx -s reload || return
    for _ in $(seq 20); do
        [ "$(serving)" != "$1" ] || return 0
        sleep 0.5
    done
    return 1
}

# So that the next `docker compose up` starts the same.
remember() {
    text=$(sed "s|^IMAGE=.*|IMAGE=$1|; s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$2|" .env)
    printf '%s\n' "$text" >.env
}

refuse() {
    docker compose stop "web-$new" || true
    echo "$IMAGE $1: $old keeps serving." >&2
    exit 1
}

# Back to the old colour, which still runs.
go_back() {
    point_nginx "$old" || true
    remember "$before" "$old"
    # {% if cookiecutter.use_celery %}
    IMAGE=$before start worker beat || true
    # {% endif %}
    refuse "$1"
}

# Whether one of twenty responses of this release, and five or more, is a server error.
errors_rise() {
    docker compose logs --no-log-prefix --since "$1" nginx |
        awk '/"upstream_status":[1-5]/ {all++} /"upstream_status":50[024]/ {bad++}
             END {exit !(bad >= 5 && bad * 20 >= all)}'
}

rollback() {
    IMAGE=$(docker compose ps --all --format json "web-$new" |
        sed -n 's/.*"Image":"\([^"]*\)".*/\1/p')
    if [ -z "$IMAGE" ]; then
        echo "The release before is gone, or cannot run on today's tables: ./switch.sh IMAGE" >&2
        exit 1
    fi
    docker compose start "web-$new"
    for _ in $(seq 50); do
        docker compose exec --no-TTY "web-$new" python -m plinth.server.healthcheck web && return
        sleep 0.2
    done
    refuse "does not start"
}

release() {
    # First, and for as long as they take: all that the old colour can run with.
    docker compose run --rm --no-TTY migrate python manage.py migrate --before-deploy ||
        refuse "does not migrate"
    docker compose run --rm --no-TTY static || refuse "has no static files"
    start "web-$new" || refuse "is not healthy"
    docker compose exec --no-TTY "web-$new" python -m plinth.server.release_check ||
        refuse "has pages that fail"
    # {% if cookiecutter.use_celery %}
    # Before the traffic: the new release may enqueue tasks that only these know.
    start worker beat || go_back "has no healthy worker"
    # {% endif %}
}

if [ "${1-}" = --rollback ]; then
    rollback
else
    IMAGE="${1:-$before}"
    release
fi
since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
point_nginx "$new" || go_back "is refused by nginx"
remember "$IMAGE" "$new"

if [ "${1-}" = --rollback ]; then
    # {% if cookiecutter.use_celery %}
    start worker beat || true
    # {% endif %}
    echo "$new serves $IMAGE again."
else
    end=$(($(date +%s) + ${WATCH:-60}))
    while [ "$(date +%s)" -lt "$end" ]; do
        sleep 2
        ! errors_rise "$since" || go_back "answers with server errors"
    done
fi

# Wait until the old nginx workers have finished their requests to the old colour.
for _ in $(seq 60); do
    docker compose top nginx | grep -q 'shutting down' || break
    sleep 1
done
docker compose stop "web-$old"
[ "${1-}" != --rollback ] || exit 0
# On several hosts, others still run the old release.
[ "${LAST-}" != no ] || { echo "$new now serves $IMAGE." && exit; }

# The migrations that remove what only the old release used. It cannot run without.
if ! applied=$(docker compose run --rm --no-TTY migrate); then
    echo "$new serves $IMAGE. To repeat its last migrations: docker compose run --rm migrate" >&2
    exit 1
fi
echo "$applied"
case $applied in
*Applying*) docker compose rm --force "web-$old" ;;
esac
echo "$new now serves $IMAGE."
