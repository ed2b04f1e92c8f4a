#!/bin/sh
# Deploys a release without downtime (blue-green): ./switch.sh [IMAGE], by default the image that
# serves, for changed settings and secrets. The image starts in the idle colour, and traffic
# switches to it when its pages answer; if they do not, the other colour keeps serving. To roll
# back, name the previous image. Run it again after an interruption.
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
export IMAGE="${1:-$before}"

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

refuse() {
    docker compose stop "web-$new" || true
    echo "$IMAGE $1: $old keeps serving." >&2
    exit 1
}

# First, and for as long as they take: all that the old colour can run with.
docker compose run --rm --no-TTY migrate python manage.py migrate --before-deploy ||
    refuse "does not migrate"
docker compose run --rm --no-TTY static || refuse "has no static files"

start "web-$new" || refuse "is not healthy"
docker compose exec --no-TTY "web-$new" python -m plinth.server.release_check ||
    refuse "has pages that fail"
# {% if cookiecutter.use_celery %}
# Before the traffic: the new release may enqueue tasks that only these know.
if ! start worker beat; then
    IMAGE=$before start worker beat || true
    refuse "has no healthy worker"
fi
# {% endif %}
if ! point_nginx "$new"; then
    point_nginx "$old" || true
    # {% if cookiecutter.use_celery %}
    IMAGE=$before start worker beat || true
    # {% endif %}
    refuse "is refused by nginx"
fi
text=$(sed "s|^IMAGE=.*|IMAGE=$IMAGE|; s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$new|" .env)
printf '%s\n' "$text" >.env

# Wait until the old nginx workers have finished their requests to the old colour.
for _ in $(seq 60); do
    sleep 1
    docker compose top nginx | grep -q 'shutting down' || break
done
docker compose stop "web-$old"
# The migrations that remove what only the old release used.
if ! docker compose run --rm --no-TTY migrate; then
    echo "$new serves $IMAGE. To repeat its last migrations: docker compose run --rm migrate" >&2
    exit 1
fi
echo "$new now serves $IMAGE."
