#!/bin/sh
# Deploys a release without downtime (blue-green): ./switch.sh [RELEASE], by default the one that
# serves, for changed settings and secrets. The release, a folder of releases/, starts in the idle
# colour, and traffic switches to it when its pages answer; if they do not, the other colour keeps
# serving. It returns to the old colour if errors rise in the first minute (WATCH=60, seconds). Run
# it again after an interruption. ./switch.sh --rollback returns to the release before, in seconds;
# ./switch.sh --finish repeats the last migrations of the release that serves.
# shellcheck disable=SC2034,SC2154,SC2329
set -eu
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.sh
releases=../../releases
log=${NGINX_LOG:-/var/log/nginx/access.log}
start_site=./start.sh
case ${1-} in
"" | --rollback | --finish) ;;
*)
    [ -e "$releases/$1/.env" ] || { echo "There is no release $1: ls $releases" >&2 && exit 1; }
    ;;
esac

current_release() {
    readlink "$releases/current" || {
        echo "The site has not started yet: ./start.sh RELEASE" >&2
        exit 1
    }
}

in_nginx() {
    "$@"
}

reload_nginx() {
    systemctl reload nginx
}

nginx_processes() {
    ps -C nginx -o args=
}

log_position() {
    wc -c <"$log"
}

# All of it, if it has been rotated since.
log_since() {
    [ "$(log_position)" -ge "$1" ] || set -- 0
    tail --bytes "+$(($1 + 1))" "$log"
}

migrate() {
    IN=$release ./python.sh manage.py migrate "$@"
}

# Files of earlier releases stay, for pages that are still open.
publish_static() {
    cp -r "$releases/$release/staticfiles/." static/
}

# Restarts a unit, and waits until its health check passes: UNIT RELEASE ROLE
start() {
    if systemctl enable --quiet "$1" && systemctl restart "$1"; then
        for _ in $(seq 60); do
            ! IN=$2 ./python.sh -m plinth.server.healthcheck "$3" 2>/dev/null || return 0
            systemctl is-active --quiet "$1" || break
            sleep 1
        done
    fi
    journalctl --unit "$1" --lines 20 --no-pager --output cat >&2
    return 1
}

start_web() {
    ln -sfn "$release" "$releases/$1"
    start "site-web@$1" "$1" web
}

start_workers() {
    [ -e units/site-worker.service ] || return 0
    ln -sfn "$release" "$releases/worker"
    start site-worker worker worker && { ! has beat || start site-beat worker beat; }
}

in_web() {
    IN=$1
    shift 2
    IN=$IN ./python.sh "$@"
}

# Enabled as long as it runs: a restart of the host in the middle of a switch starts both.
resume_web() {
    systemctl enable --quiet --now "site-web@$1"
}

stop_web() {
    systemctl disable --quiet --now "site-web@$1"
}

release_of() {
    readlink "$releases/$1" || true
}

forget_web() {
    rm -f "$releases/$1"
}

remember() {
    ln -sfn "$1" "$releases/current"
}

# shellcheck source=/dev/null
. ../switch.sh
