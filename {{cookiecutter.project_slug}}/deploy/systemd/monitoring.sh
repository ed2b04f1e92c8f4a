#!/bin/sh
# Starts monitoring of this host by the distribution's packages, or stops it: ./monitoring.sh on|off
# Run it again after a change of a secret or of a file of deploy/monitoring. As root, after
# servers.sh.
set -eu
cd "$(dirname "$0")"
umask 022
folder=$(realpath ../..)
services=$(cd monitoring && basename --suffix .conf --multiple prometheus*.conf)

settings_of() {
    echo "/etc/systemd/system/$1.service.d/site.conf"
}

case ${1-} in
on) ;;
off)
    for service in $services; do
        # One without is not of this script.
        [ -e "$(settings_of "$service")" ] || continue
        systemctl disable --quiet --now "$service"
        rm "$(settings_of "$service")"
        echo "Stopped $service."
    done
    systemctl daemon-reload
    exit
    ;;
*) echo "usage: ./monitoring.sh on|off" >&2 && exit 2 ;;
esac

# What is running stays as it is if a file is invalid.
report=$({ promtool check config monitoring/prometheus.yml &&
    amtool check-config ../monitoring/alertmanager.yml; } 2>&1) || {
    echo "$report" >&2
    exit 1
}
for service in $services; do
    file=$(settings_of "$service")
    mkdir -p "$(dirname "$file")"
    cat monitoring/sandbox.conf "monitoring/$service.conf" |
        sed "s|/srv/{{ cookiecutter.project_slug }}/|$folder/|g" >"$file.new"
    if cmp --silent "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
done
systemctl daemon-reload

for service in $services; do
    file=$(settings_of "$service")
    since=$(systemctl show --property ActiveEnterTimestamp --value --timestamp us+utc "$service")
    if ! systemctl is-active --quiet "$service"; then
        systemctl enable --quiet --now "$service"
        echo "Started $service."
    elif { echo "$file" && sed -n 's|^LoadCredential=.*:||p' "$file"; } |
        xargs -I % find % -newermt "$since" | grep -q .; then
        systemctl restart "$service"
        echo "Restarted $service."
    else
        case $service in prometheus | prometheus-alertmanager) systemctl reload "$service" ;; esac
    fi
done
for service in $services; do
    address=$(sed -n 's|.*--web.listen-address=\([0-9.:]*\).*|\1|p' "monitoring/$service.conf")
    curl --silent --fail --output /dev/null --retry 30 --retry-delay 1 --retry-connrefused "http://$address/metrics" || {
        journalctl --unit "$service" --lines 20 --no-pager --output cat >&2
        echo "$service does not answer." >&2
        exit 1
    }
done
[ -s secrets/alert_pager_url ] || [ -s secrets/alert_chat_url ] ||
    echo "Alerts notify nobody: write a URL into secrets/alert_pager_url or secrets/alert_chat_url."
