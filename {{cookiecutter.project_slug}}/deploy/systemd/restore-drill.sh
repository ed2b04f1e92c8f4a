#!/bin/sh
# Proves a backup: ./restore-drill.sh KEY [BACKUP], by default the newest in backups/. Restores it
# into a server of its own, compares rows and checksums with those at the time of the backup,
# and leaves nothing behind. Runs on any machine with the project, PostgreSQL, age and the key, as root.
exec "$(dirname "$0")/restore.sh" --drill "$@"
