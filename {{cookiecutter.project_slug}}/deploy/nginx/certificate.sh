#!/bin/sh
# Bring a new certificate to nginx: certbot's deploy hook.
set -eu

new=${RENEWED_LINEAGE:?is set by certbot, which calls this}
install -m 644 "$new/fullchain.pem" /etc/nginx/tls/
install -m 600 "$new/privkey.pem" /etc/nginx/tls/
nginx -c /etc/nginx/site/nginx.conf -s reload
