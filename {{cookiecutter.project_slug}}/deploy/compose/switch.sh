#!/bin/sh
# Serve a release, without a pause: ./switch.sh IMAGE. It starts in the colour that rests,
# and takes over when it is healthy; when it is not, the other one serves on. To go back,
# name the image that served before.
set -eu
cd "$(dirname "$0")"
image=${1:?usage: ./switch.sh IMAGE}
exec 9>.switch
if ! flock --nonblock 9; then
    echo "Another switch is under way." >&2
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
# Before the web takes over, which may send tasks that only they know.
set -- "$@" worker beat
# {% endif %}

# Into the same file, which nginx has mounted.
rewrite() {
    text=$(sed "$2" "$1")
    printf '%s\n' "$text" >"$1"
}

# The database and the static files first, as compose.yml says.
if ! IMAGE=$image docker compose up --detach --wait --wait-timeout 180 "$@"; then
    docker compose logs --tail 20 migrate "$@" >&2
    docker compose stop "web-$new"
    shift
    # The others in the image that .env names still.
    [ $# -eq 0 ] || docker compose up --detach "$@"
    echo "$image is not healthy: $old serves on." >&2
    exit 1
fi

rewrite upstream.conf "s|/$old\.sock|/$new.sock|"
docker compose exec --no-TTY nginx nginx -e stderr -c /etc/nginx/site/nginx.conf -s reload
rewrite .env "s|^IMAGE=.*|IMAGE=$image|; s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$new|"

# Requests that nginx has already given to the old colour end first.
for _ in $(seq 60); do
    sleep 1
    docker compose top nginx | grep -q 'shutting down' || break
done
docker compose stop "web-$old"
echo "$new serves $image."
