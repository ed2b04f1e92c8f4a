#!/bin/sh
# Deploys a release without downtime (blue-green): ./switch.sh IMAGE. The image starts in the
# idle colour, and traffic switches to it once it is healthy; if it does not become healthy, the
# other colour keeps serving. To roll back, name the previous image.
set -eu
cd "$(dirname "$0")"
image=${1:?usage: ./switch.sh IMAGE}
exec 9>.switch
if ! flock --nonblock 9; then
    echo "Another switch is running." >&2
    exit 1
fi

old=$(sed -n 's|.*unix:/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf)
case $old in
blue) new=green ;;
green) new=blue ;;
*) echo "upstream.conf names neither blue nor green." >&2 && exit 1 ;;
esac

set -- "web-$new"
# {% if cookiecutter.use_celery %}
# Before the switch: the new release may enqueue tasks that only these know.
set -- "$@" worker beat
# {% endif %}

# In place, because nginx has the file mounted.
rewrite() {
    text=$(sed "$2" "$1")
    printf '%s\n' "$text" >"$1"
}

# Compose runs migrate and static first.
if ! IMAGE=$image docker compose up --detach --wait --wait-timeout 180 "$@"; then
    docker compose logs --tail 20 migrate "$@" >&2
    docker compose stop "web-$new"
    shift
    # Back to the image that .env still names.
    [ $# -eq 0 ] || docker compose up --detach "$@"
    echo "$image is not healthy: $old keeps serving." >&2
    exit 1
fi

rewrite upstream.conf "s|/$old\.sock|/$new.sock|"
docker compose exec --no-TTY nginx nginx -e stderr -c /etc/nginx/site/nginx.conf -s reload
rewrite .env "s|^IMAGE=.*|IMAGE=$image|; s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$new|"

# Wait until the old nginx workers have finished their requests to the old colour.
for _ in $(seq 60); do
    sleep 1
    docker compose top nginx | grep -q 'shutting down' || break
done
docker compose stop "web-$old"
echo "$new now serves $image."
