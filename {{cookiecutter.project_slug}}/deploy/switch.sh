# shellcheck shell=sh disable=SC2154
# Blue-green deployment: its steps and its rules. switch.sh of a target (compose, systemd) sources
# this file, in its own folder, after it has defined
#
#   start_site                              a command for a message
#   current_release                         prints the release that serves
#   in_nginx COMMAND...                     runs a program where nginx is
#   reload_nginx, nginx_processes           loads its files, if they are valid; lists its processes
#   log_position, log_since POSITION        mark a place in its log; print the lines after it
#   migrate [OPTION], publish_static        of $release, before it starts
#   start_web COLOUR, start_workers         start $release, with what secrets/ holds now, and fail
#                                           unless it gets healthy
#   in_web COLOUR python ...                runs Python as the colour does
#   resume_web COLOUR, stop_web COLOUR      start what the colour ran before, and stop it
#   release_of COLOUR, forget_web COLOUR    print what a colour last ran; delete it
#   remember RELEASE COLOUR                 what the next start of the host is to start
set -eu
exec 9>.switch
if ! flock --nonblock 9; then
    echo "Another switch is running." >&2
    exit 1
fi

# The colour that nginx serves, whatever an interrupted switch has left in the files.
serving() {
    in_nginx curl --silent --output /dev/null \
        --write-out '%header{x-upstream}' http://127.0.0.1/health/live/ |
        sed -n 's|^unix:/run/app/\([a-z]*\)\.sock$|\1|p'
}

# Writes the colour in place, because nginx has the file mounted, and waits until it serves.
point_nginx() {
    text=$(sed "s|/run/app/[a-z]*\.sock|/run/app/$1.sock|" ../nginx/upstream.conf)
    printf '%s\n' "$text" >upstream.conf
    reload_nginx || return
    for _ in $(seq 20); do
        [ "$(serving)" != "$1" ] || return 0
        sleep 0.5
    done
    return 1
}

refuse() {
    stop_web "$new" || true
    echo "$release $1: $old keeps serving." >&2
    exit 1
}

# Back to the old colour, which still runs.
go_back() {
    failed=$release release=$before
    point_nginx "$old" || true
    remember "$before" "$old"
    start_workers || true
    release=$failed
    refuse "$1"
}

# Whether one of twenty responses of this release, and five or more, is a server error.
errors_rise() {
    log_since "$1" |
        awk '/"upstream_status":[1-5]/ {all++} /"upstream_status":50[024]/ {bad++}
             END {exit !(bad >= 5 && bad * 20 >= all)}'
}

deploy() {
    # First, and for as long as they take: all that the old colour can run with.
    migrate --before-deploy || refuse "does not migrate"
    publish_static || refuse "has no static files"
    # Nobody rolls back to it before it has served: a refused one stays, for its logs.
    echo "$new" >.refused
    start_web "$new" || refuse "is not healthy"
    in_web "$new" python -m plinth.server.release_check || refuse "has pages that fail"
    # Before the traffic: the new release may enqueue tasks that only these know.
    start_workers || go_back "has no healthy worker"
}

rollback() {
    release=$(release_of "$new")
    if [ -z "$release" ] || grep -qsx "$new" .refused; then
        echo "The release before is gone, was left, or cannot run on today's tables: ./switch.sh RELEASE" >&2
        exit 1
    fi
    # A second rollback, of somebody else, does not return to what serves now.
    echo "$old" >.refused
    resume_web "$new"
    for _ in $(seq 50); do
        in_web "$new" python -m plinth.server.healthcheck web && return
        sleep 0.2
    done
    refuse "does not start"
}

# Waits until the old nginx workers have finished their requests to the old colour.
drain() {
    for _ in $(seq 60); do
        nginx_processes | grep -q 'shutting down' || break
        sleep 1
    done
    stop_web "$old"
}

# The migrations that remove what only the old release used. It cannot run without.
finish_migrations() {
    # Nobody rolls back until it is known what has been applied: not after an interruption either.
    refused=$(cat .refused 2>/dev/null || true)
    echo "$old" >.refused
    applied=$(migrate) || failed=yes
    # The first ones may have been applied before one failed.
    case $applied in
    *" OK"*) forget_web "$old" ;;
    *) [ "$refused" = "$old" ] || rm -f .refused ;;
    esac
    echo "$applied"
    if [ "$failed" ]; then
        echo "$new serves $release. To repeat its last migrations: ./switch.sh --finish" >&2
        exit 1
    fi
    rm -f .unfinished
    echo "$new now serves $release."
}

failed=''
before=$(current_release)
release=$before
old=$(serving)
case $old in
blue) new=green ;;
green) new=blue ;;
*) echo "nginx does not answer: $start_site" >&2 && exit 1 ;;
esac

case ${1-} in
--rollback) rollback ;;
--finish)
    serves=$old old=$new new=$serves
    # An interruption may have left it running.
    stop_web "$old"
    finish_migrations
    exit
    ;;
*)
    release=${1:-$before}
    deploy
    ;;
esac
# Until the end: after an interruption, deploy/ansible switches again.
touch .unfinished
since=$(log_position)
point_nginx "$new" || go_back "is refused by nginx"
remember "$release" "$new"

if [ "${1-}" = --rollback ]; then
    # Its settings may be older: deploy/ansible switches at the next deploy.
    rm -f .settings
    start_workers || true
    echo "$new serves $release again."
    drain
    rm .unfinished
    exit 0
fi
end=$(($(date +%s) + ${WATCH:-60}))
while [ "$(date +%s)" -lt "$end" ]; do
    sleep 2
    ! errors_rise "$since" || go_back "answers with server errors"
done
drain
rm -f .refused
# On several hosts, deploy/ansible runs them when no host needs what they remove.
if [ "${LAST-}" = no ]; then
    rm .unfinished
    echo "$new now serves $release."
else
    finish_migrations
fi
