#!/bin/sh
# Proves a backup: ./restore-drill.sh KEY [BACKUP], by default the newest in backups/. Restores it
# into a container of its own, compares rows and checksums with those at the time of the backup,
# and leaves nothing behind. Runs on any machine with the project, Docker, age and the key.
exec "$(dirname "$0")/restore.sh" --drill "$@"
