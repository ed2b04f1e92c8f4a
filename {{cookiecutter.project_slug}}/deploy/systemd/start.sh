#!/bin/sh
# Starts what of the site does not run: ./start.sh [RELEASE]. A new site starts with the release;
# of another one, switch.sh then makes the release serve.
set -eu
cd "$(dirname "$0")"
colour=$(sed -n 's|.*/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf)
current=$(readlink ../../releases/current || true)

if [ -z "$current" ]; then
    IN=$1 ./python.sh manage.py migrate
    cp -r "../../releases/$1/staticfiles/." static/
    for name in "$colour" worker; do
        ln -sfn "$1" "../../releases/$name"
    done
fi
failed=
for service in "site-web@$colour" $(cd units && ls site-worker.service site-beat.service 2>/dev/null) backup.timer nginx; do
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
