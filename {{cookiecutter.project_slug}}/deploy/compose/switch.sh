#!/bin/sh
# Deploys a release without downtime (blue-green): ./switch.sh [IMAGE], by default the image that
# serves, for changed settings and secrets. The image starts in the idle colour, and traffic
# switches to it when its pages answer; if they do not, the other colour keeps serving. It returns
# to the old colour if errors rise in the first minute (WATCH=60, seconds). Run it again after an
# interruption. ./switch.sh --rollback returns to the release before, in seconds; ./switch.sh --finish
# repeats the last migrations of the release that serves.
# shellcheck disable=SC2034,SC2154,SC2329
set -eu
cd "$(dirname "$0")"
start_site="docker compose up --detach --wait"

current_release() {
    sed -n 's/^IMAGE=//p' .env
}

compose() {
    IMAGE=$release docker compose "$@"
}

# Recreated, to read changed files in secrets/.
start() {
    compose up --detach --wait --wait-timeout 180 --force-recreate "$@" && return
    compose logs --tail 20 "$@" >&2
    return 1
}

in_nginx() {
    compose exec --no-TTY nginx "$@"
}

reload_nginx() {
    in_nginx nginx -e stderr -c /etc/nginx/site/nginx.conf -t &&
        in_nginx nginx -e stderr -c /etc/nginx/site/nginx.conf -s reload
}

nginx_processes() {
    compose top nginx
}

log_position() {
    date -u +%Y-%m-%dT%H:%M:%SZ
}

log_since() {
    compose logs --no-log-prefix --since "$1" nginx
}

migrate() {
    compose run --rm --no-TTY migrate ${1:+python manage.py migrate "$1"}
}

publish_static() {
    compose run --rm --no-TTY static
}

start_web() {
    start "web-$1"
}

start_workers() {
    # {% if cookiecutter.use_celery %}
    start worker beat
    # {% else %}
    :
    # {% endif %}
}

in_web() {
    colour=$1
    shift
    compose exec --no-TTY "web-$colour" "$@"
}

resume_web() {
    compose start "web-$1"
}

stop_web() {
    compose stop "web-$1"
}

release_of() {
    compose ps --all --format json "web-$1" | sed -n 's/.*"Image":"\([^"]*\)".*/\1/p'
}

forget_web() {
    compose rm --force "web-$1"
}

# So that the next `docker compose up` starts the same.
remember() {
    sed "s|^IMAGE=.*|IMAGE=$1|; s|^COMPOSE_PROFILES=.*|COMPOSE_PROFILES=$2|" .env >.env.new
    mv .env.new .env
}

# shellcheck source=/dev/null
. ../switch.sh
