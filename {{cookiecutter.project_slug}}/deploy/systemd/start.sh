#!/bin/sh
# Starts what of the site does not run: ./start.sh [RELEASE]. A new site starts with the release;
# of another one, switch.sh then makes the release serve, and starts its worker.
set -eu
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.sh
colour=$(sed -n 's|.*/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf)
current=$(readlink ../../releases/current || true)

if [ -z "$current" ]; then
    # What an earlier attempt has left of another release.
    for unit in "site-web@$colour" site-worker site-beat; do
        ! systemctl is-active --quiet "$unit" || systemctl stop "$unit"
    done
    # shellcheck disable=SC2046
    IN=$1 ./python.sh manage.py migrate $([ "${LAST-}" != no ] || echo --before-deploy)
    cp -r "../../releases/$1/staticfiles/." static/
    for name in "$colour" worker; do
        ln -sfn "$1" "../../releases/$name"
    done
fi
tasks=
if [ -e units/site-worker.service ] && [ "${1:-$current}" = "${current:-$1}" ]; then
    tasks=site-worker
    ! has beat || tasks="$tasks site-beat"
fi
failed=
for service in "site-web@$colour" $tasks nginx; do
    systemctl is-active --quiet "$service" || {
        systemctl enable --quiet "$service"
        systemctl start "$service" && echo "Started $service." || failed=$service
    }
done
# A release may be what makes it start.
if [ "$failed" ] && [ "${1:-$current}" = "${current:-$1}" ]; then
    journalctl --unit "$failed" --lines 20 --no-pager --output cat >&2
    echo "$failed does not start." >&2
    exit 1
fi
# Last: with it, the site has started once.
[ "$current" ] || ln -sfn "$1" ../../releases/current
