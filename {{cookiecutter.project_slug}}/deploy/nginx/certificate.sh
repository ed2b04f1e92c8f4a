#!/bin/sh
# certbot's deploy hook: installs the new certificate and reloads nginx.
set -eu

new=${RENEWED_LINEAGE:?is set by certbot, which runs this script}
# The key first: deploy/ansible repeats this until nginx has the same fullchain.pem.
install -m 600 "$new/privkey.pem" /etc/nginx/tls/
install -m 644 "$new/fullchain.pem" /etc/nginx/tls/
nginx -c "${NGINX_CONF:-/etc/nginx/site/nginx.conf}" -s reload
