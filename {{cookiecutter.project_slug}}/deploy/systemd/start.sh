#!/bin/sh
# Starts what of the site does not run: ./start.sh [RELEASE], which a new site starts with.
set -eu
cd "$(dirname "$0")"
colour=$(sed -n 's|.*/run/app/\([a-z]*\)\.sock.*|\1|p' upstream.conf)

if [ ! -e ../../releases/current ]; then
    IN=$1 ./python.sh manage.py migrate
    cp -r "../../releases/$1/staticfiles/." static/
    # current comes last: with it, the site has started once.
    for name in "$colour" worker current; do
        ln -sfn "$1" "../../releases/$name"
    done
fi
for service in "site-web@$colour" $(cd units && ls site-worker.service site-beat.service 2>/dev/null) backup.timer nginx; do
    systemctl is-active --quiet "$service" || {
        systemctl enable --quiet "$service"
        systemctl start "$service"
        echo "Started $service."
    }
done
