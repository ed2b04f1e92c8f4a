# shellcheck shell=sh disable=SC2154
# Backs up the site into backups/TIME: database, uploaded files, settings and secrets. They are
# encrypted for the age keys in backup.pub: this host cannot read its own backups. Run as root.
#
# BACKUP_DAYS: backups older than this are deleted, after a new one has succeeded (14).
# BACKUP_REMOTE: a folder of an rclone remote, NAME:PATH, that gets a copy of each backup. Nothing
# is deleted there.
#
# backup.sh of a target (compose, systemd) sources this file, in its own folder, after it has
# defined
#
#   server, host_files          the site's own server in DATABASE_DIRECT_URL; this host's files
#   in_database COMMAND...      runs a program where PostgreSQL is, as the role app
#   archive_uploads             prints a tar archive of media/ and private/
set -eu
umask 077
# A second has one backup.
until name=$(date -u +%Y-%m-%dT%H%M%SZ) && test ! -e "backups/$name"; do sleep 1; done
oldest=$(date -u --date "-${BACKUP_DAYS:-14} days" +%Y-%m-%dT%H%M%SZ)
remote=${BACKUP_REMOTE:-}
new=backups/.new

fail() {
    echo "Backup failed: $1." >&2
    exit 1
}

# Encrypts the output of a command, which must succeed: a pipeline has the status of its end.
encrypt() {
    file=$new/$1.age
    shift
    { "$@" && touch "$new/.read"; } | age --encrypt --recipients-file backup.pub --output "$file" &&
        rm "$new/.read" 2>/dev/null
}

# Prints the lines of rows.sql, an empty line and a dump, all of one snapshot. psql ignores the
# status of what it runs, hence `kill`.
query() {
    {
        cat <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET idle_in_transaction_session_timeout = 0;
SELECT pg_export_snapshot() AS snapshot \gset
SQL
        cat ../rows.sql
        cat <<'SQL'
\echo
\setenv SNAPSHOT :snapshot
\! pg_dump --username app --format custom --snapshot "$SNAPSHOT" app || kill $PPID
SQL
    } | in_database \
        psql --username app --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 app
}

# Moves the lines into a file of their own: `read` takes no byte beyond a line.
dump() {
    { query && touch "$new/.dumped"; } | {
        while IFS= read -r line && [ "$line" ]; do
            printf '%s\n' "$line" || exit
        done >"$new/rows"
        cat
    } && rm "$new/.dumped" 2>/dev/null
}

mkdir -p backups
exec 9>backups/.lock
flock --nonblock 9 || fail "another backup is running"
command -v age >/dev/null || fail "install age (apt install age)"
[ -s backup.pub ] || fail "write the public key of age-keygen into backup.pub"
grep -q "@$server:" secrets/database_direct_url ||
    fail "the site's database is not the server $server of this host: its provider makes the backups"

# A failed backup leaves a full disk its space.
trap 'rm -rf "$new"' EXIT
rm -rf "$new"
mkdir "$new"
encrypt database.dump dump || fail "the database cannot be dumped"
{ encrypt rows cat "$new/rows" && rm "$new/rows"; } || fail "the rows cannot be written"
encrypt files.tar archive_uploads || fail "the uploaded files cannot be read"
# shellcheck disable=SC2086
encrypt host.tar tar -c $host_files || fail "the settings cannot be read"
(cd "$new" && sha256sum -- *.age >SHA256SUMS && sync -- *) || fail "the disk cannot be written"
mv -T "$new" "backups/$name"
find backups -mindepth 1 -maxdepth 1 -name '*Z' | awk -v oldest="backups/$oldest" '$0 < oldest' |
    xargs --no-run-if-empty rm -r

# SHA256SUMS comes last: a copy with it is complete.
[ -z "$remote" ] || {
    rclone copy --exclude SHA256SUMS "backups/$name" "$remote/$name" &&
        rclone copy "backups/$name" "$remote/$name"
} || fail "backups/$name has no copy at $remote"

# For the alert BackupOld; readable by node-exporter.
echo "backup_last_success_timestamp_seconds $(date +%s)" >textfile/backup.prom.new
chmod 644 textfile/backup.prom.new
mv textfile/backup.prom.new textfile/backup.prom
echo "Backed up: $(du -sh "backups/$name" | tr '\t' ' ')."
