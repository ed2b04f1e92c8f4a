#!/bin/sh
# Creates a self-signed certificate, which no browser trusts: self-signed.sh DOMAIN [FOLDER]
set -eu

domain=${1:?usage: self-signed.sh DOMAIN [FOLDER]}
folder=${2:-/etc/nginx/tls}
if [ -e "$folder/privkey.pem" ]; then
    echo "$folder already has a certificate; nothing is changed." >&2
    exit 1
fi
mkdir -p "$folder"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout "$folder/privkey.new" -out "$folder/fullchain.new" 2>/dev/null
chmod 644 "$folder/fullchain.new"
mv "$folder/fullchain.new" "$folder/fullchain.pem"
mv "$folder/privkey.new" "$folder/privkey.pem"
echo "$folder has a self-signed certificate for $domain, valid for 30 days."
