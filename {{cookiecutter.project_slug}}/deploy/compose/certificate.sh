#!/bin/sh
# certbot's deploy hook: installs the new certificate and reloads nginx.
set -eu
cd "$(dirname "$0")"

new=${RENEWED_LINEAGE:?is set by certbot, which runs this script}
# The key first: deploy/ansible repeats this until nginx has the same fullchain.pem.
install -m 640 -g 10001 "$new/privkey.pem" tls/
install -m 644 -g 10001 "$new/fullchain.pem" tls/
docker compose exec --no-TTY nginx nginx -e stderr -c /etc/nginx/site/nginx.conf -s reload
