#!/usr/bin/env bash
# Makes certificates, keys and a token in docker/secrets, unless they are there: a private authority, a
# certificate for this machine and the names given, a token for a client, the key that seals the state
# of live streams. Needs openssl.
#   server/   server.pem, server.key, tokens, state.key: what docker/compose.yaml mounts
#   client/   ca.pem, token: what clients need
#
#   docker/make_secrets.sh [NAME...]       names or IP addresses that clients use for this machine
set -euo pipefail
folder=${RILL_SECRETS:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"/{server,client}
cd "$folder"

key_options=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
if [ ! -e client/ca.pem ]; then
  openssl req -x509 "${key_options[@]}" -days 3650 -subj "/CN=rill private authority" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out client/ca.pem 2>/dev/null
fi
if [ ! -e server/server.pem ]; then
  names="DNS:localhost,IP:127.0.0.1,DNS:rill,DNS:$(hostname)"
  for name in "$@"; do
    if [[ $name =~ ^[0-9.]+$|: ]]; then names+=",IP:$name"; else names+=",DNS:$name"; fi
  done
  openssl req "${key_options[@]}" -subj "/CN=rill" -keyout server/server.key.new -out server.csr 2>/dev/null
  openssl x509 -req -in server.csr -CA client/ca.pem -CAkey ca.key -days 825 -out server/server.pem.new \
    -extfile <(echo "subjectAltName=$names") 2>/dev/null
  rm server.csr
  mv server/server.key.new server/server.key
  mv server/server.pem.new server/server.pem
fi
if [ ! -e server/tokens ]; then
  token=$(openssl rand -base64 32)
  echo "$token" >client/token
  echo "default $(printf %s "$token" | openssl dgst -sha256 -r | cut -d' ' -f1)" >server/tokens
fi
[ -e server/state.key ] || openssl rand -out server/state.key 32
# Another user, that of the container, reads the server's files; nobody gets past the folder above.
chmod 755 server
chmod 644 server/*
echo "Made in $PWD: server/ is for the server, client/ for clients; ca.key signs more certificates."
