# shellcheck shell=sh disable=SC2034
# What this host has: the whole site, unless host.env says which of several hosts it is, which
# deploy/ansible writes. Scripts source this file.
PARTS="web beat database cache" ADDRESS="" BALANCER="" REPLICA_HOST="" DATABASE_CLIENTS=""
DATABASE_HOST=127.0.0.1 CACHE_HOST=127.0.0.1
# shellcheck source=/dev/null
[ ! -e host.env ] || . ./host.env

# Whether it has one of these parts.
has() {
    for each; do
        case " $PARTS " in
        *" $each "*) return ;;
        esac
    done
    return 1
}
