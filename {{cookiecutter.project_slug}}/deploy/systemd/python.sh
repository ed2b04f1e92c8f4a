#!/bin/sh
# Runs Python as the site does, with its settings, secrets and sandbox: ./python.sh manage.py shell
# IN names the release: current (the default, which serves), blue, green, worker, or a commit.
set -eu
cd "$(dirname "$0")/../../releases/${IN:-current}"
folder=$(pwd -P)
streams=--pipe
[ ! -t 0 ] || streams=--pty
# The name begins with "site-": units/site-.service.d
exec systemd-run --quiet --collect --wait "$streams" --unit "site-python-$$" \
    --property "WorkingDirectory=$folder" --property MemoryMax=512M \
    --setenv "WEB_BIND=unix:/run/app/${IN:-current}.sock" -- "$folder/.venv/bin/python" "$@"
