#!/bin/sh
# Backs up the site into backups/TIME, encrypted: ../backup.sh says how.
# shellcheck disable=SC2034,SC2329
set -eu
cd "$(dirname "$0")"
# shellcheck source=/dev/null
. ./host.sh
server=$DATABASE_HOST
host_files="site.env backup.pub secrets tls"

in_database() {
    runuser --user app -- "$@"
}

# 1 is tar's status for a file that changed meanwhile: an upload, of which no row is in the dump.
archive_uploads() {
    tar -C ../.. -c media private || [ $? -eq 1 ]
}

# shellcheck source=/dev/null
. ../backup.sh
