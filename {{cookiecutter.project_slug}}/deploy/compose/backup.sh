#!/bin/sh
# Backs up the site into backups/TIME, encrypted: ../backup.sh says how.
# shellcheck disable=SC2034,SC2329
set -eu
cd "$(dirname "$0")"
server=postgres
host_files=".env site.env backup.pub secrets tls"

in_database() {
    docker compose exec --no-TTY postgres "$@"
}

# 1 is tar's status for a file that changed meanwhile: an upload, of which no row is in the dump.
archive_uploads() {
    docker compose run --rm --no-TTY --no-deps migrate \
        sh -c 'tar -C /app -c media private || [ $? -eq 1 ]'
}

# shellcheck source=/dev/null
. ../backup.sh
