#!/bin/sh
# Serve a release, without a pause: ./switch.sh IMAGE. It starts in the colour that rests,
# and takes over when it is healthy; when it is not, the other one serves on. To go back,
# name the image that served before.
set -eu
cd "$(dirname "$0")"
image=${1:?names no image: ./switch.sh IMAGE}

old=$(sed -n 's|.*unix:/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf)
case $old in
blue) new=green ;;
green) new=blue ;;
*) echo "upstream.conf names neither blue nor green." >&2 && exit 1 ;;
esac

# Into the same file, which nginx has mounted.
rewrite() {
    text=$(sed "$2" "$1")
    printf '%s\n' "$text" >"$1"
}

export IMAGE="$image"
docker compose run --rm --no-deps migrate
docker compose run --rm --no-deps static
docker compose up --detach --wait --no-deps "web-$new" || {
    docker compose logs --tail 20 "web-$new" >&2
    docker compose stop "web-$new"
    echo "$image is not healthy: $old serves on." >&2
    exit 1
}

rewrite upstream.conf "s|/$old\.sock|/$new.sock|"
docker compose exec --no-TTY nginx nginx -e stderr -c /etc/nginx/site/nginx.conf -s reload
rewrite .env "s|^IMAGE=.*|IMAGE=$image|; s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$new|"

# Requests that nginx has already given to the old colour end first.
for _ in $(seq 60); do
    docker compose top nginx | grep -q 'shutting down' || break
    sleep 1
done
docker compose stop "web-$old"
# {% if cookiecutter.use_celery %}
docker compose up --detach --wait --no-deps worker beat
# {% endif %}
echo "$new serves $image."
