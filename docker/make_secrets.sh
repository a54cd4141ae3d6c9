#!/usr/bin/env bash
# Makes certificates, keys and a token in docker/secrets, unless they are there: a private authority, a
# certificate for this machine and the names given, a token for a client, the key that seals the state
# of live streams. Needs openssl.
#   server/   server.pem, server.key, tokens, state.key: what docker/compose.yaml mounts
#   client/   ca.pem, token: what clients need
#
#   docker/make_secrets.sh [NAME...]       names or IP addresses that clients use for this machine
#
# With a certificate there that lacks one of the names it stops and says what to do.
set -euo pipefail
folder=${RILL_SECRETS:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"/{server,client}
cd "$folder"

is_address() { [[ $1 =~ ^[0-9.]+$|: ]]; }
certificate_names() { openssl x509 -in server/server.pem -noout -ext subjectAltName | sed -n 's/^  *//p'; }
certificate_has() {
  local check=-checkhost
  if is_address "$1"; then check=-checkip; fi
  openssl x509 -in server/server.pem -noout "$check" "$1" | grep -q ' does match '
}

if [ -e server/server.pem ]; then
  for name in "$@"; do
    if certificate_has "$name"; then continue; fi
    echo "make_secrets.sh: $PWD/server/server.pem is not for $name but for $(certificate_names)." >&2
    echo "Remove it and run this again with all names that clients use: the authority, the tokens and the" \
      "state key stay." >&2
    exit 1
  done
fi

key_options=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
if [ ! -e client/ca.pem ]; then
  openssl req -x509 "${key_options[@]}" -days 3650 -subj "/CN=rill private authority" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out client/ca.pem 2>/dev/null
fi
if [ ! -e server/server.pem ]; then
  names="DNS:localhost,IP:127.0.0.1,DNS:rill,DNS:$(hostname)"
  for name in "$@"; do
    if is_address "$name"; then names+=",IP:$name"; else names+=",DNS:$name"; fi
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
