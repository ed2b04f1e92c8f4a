# shellcheck shell=sh disable=SC2154
# Restores a backup in place of the site's data: ./restore.sh KEY [BACKUP], by default the newest
# in backups/. KEY is the file that age-keygen wrote, or - to read it from standard input, so that
# it never is on this host's disk. The site's data are replaced when the restored rows are those
# of the backup.
#
# --drill (restore-drill.sh): restores into a server of its own, and removes it.
#
# restore.sh of a target (compose, systemd) sources this file after it has defined
#
#   start_server, remove_server     those of the drill: $drill names it, and $work is a folder
#   server COMMAND...               runs a program where PostgreSQL is, the drill's if there is one
#   create_database NAME            as the site's was created
#   unpack_uploads                  unpacks standard input, and prints the names of the files
#   finish                          empties the cache and migrates
set -eu
umask 077
started=$(date +%s)
drill=
[ "${1:-}" != --drill ] || { drill=restore-drill-$$ && shift; }
[ $# -gt 0 ] || { echo "Name the file with the key: $0 KEY [BACKUP]" >&2 && exit 2; }
key=$(cat "$1")
cd "$(dirname "$0")"
backup=${2:-$(find backups -mindepth 1 -maxdepth 1 -name '*Z' 2>/dev/null | sort | tail -n 1)}
# Not in /tmp, which may be in memory.
work=$(mktemp -d /var/tmp/restore.XXXXXX)
replacing=

fail() {
    echo "${drill:+Drill: }${backup:-backups} ${1}." >&2
    exit 1
}

clean() {
    if [ "$drill" ]; then
        remove_server
    elif [ -z "$replacing" ]; then
        server dropdb --username postgres --if-exists restored
    fi >/dev/null 2>&1 || true
    rm -r "$work"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# The first error of a command, for the one line of `fail`.
why() {
    { grep 'error: ' "$work/error" || cat "$work/error"; } | head -n 1 | sed 's/.*error: //'
}

decrypt() {
    printf '%s\n' "$key" | age --decrypt --identity - "$backup/$1.age"
}

# Prints the names of an archive's files; not in a drill, it writes them into the volumes too.
unpack() {
    if [ "$drill" ]; then
        tar -t
    else
        unpack_uploads
    fi
}

[ -e "$backup/SHA256SUMS" ] || fail "is no complete backup"
damaged=$(cd "$backup" && sha256sum --check --quiet SHA256SUMS 2>/dev/null) ||
    fail "is damaged: $(echo "$damaged" | cut -d : -f 1 | paste -sd ' ')"
decrypt rows >"$work/rows" 2>"$work/error" || fail "cannot be decrypted: $(why)"

if [ "$drill" ]; then
    start_server >/dev/null
    for _ in $(seq 120); do
        # Over TCP: during initialization PostgreSQL listens on its socket only.
        ! server pg_isready --quiet --host 127.0.0.1 || break
        sleep 0.5
    done
    server createuser --username postgres app 2>"$work/error" || fail "cannot be restored: $(why)"
fi
server dropdb --username postgres --if-exists restored 2>"$work/error" ||
    fail "cannot be restored: $(why)"
create_database restored
{
    decrypt database.dump |
        server pg_restore --username app --dbname restored --single-transaction
} 2>"$work/error" || fail "cannot be restored: $(why)"
server psql --username app --no-psqlrc --quiet --no-align --tuples-only restored \
    <../rows.sql >"$work/restored"
differing=$(diff "$work/rows" "$work/restored" | sed -n 's/^[<>] \([^|]*\).*/\1/p' | sort -u)
[ -z "$differing" ] || fail "is not what was restored: $(echo "$differing" | paste -sd ' ')"
decrypt host.tar | tar -t | grep -qx secrets/secret_key || fail "has no secrets"

if [ -z "$drill" ]; then
    # From here on, `restored` may be all that there is.
    replacing=yes
    server psql --username postgres --quiet --set ON_ERROR_STOP=1 \
        --command 'DROP DATABASE IF EXISTS app WITH (FORCE)' \
        --command 'ALTER DATABASE restored RENAME TO app'
    finish
fi
files=$(decrypt files.tar | unpack) || fail "has uploaded files that cannot be read"

seconds=$(($(date +%s) - started))
tables=$(awk -F '|' 'NF == 3 { n++; rows += $2 } END { print n + 0 " tables, " rows + 0 " rows" }' "$work/rows")
echo "${drill:+Drill passed: }$backup is restored, in $((seconds / 60)) min $((seconds % 60)) s:" \
    "$tables with equal checksums, $(echo "$files" | grep -vc '/$') files."
