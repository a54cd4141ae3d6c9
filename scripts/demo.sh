#!/usr/bin/env bash
# The main job in half a minute: starts a server with the shipped model, streams a recording of
# real speech to it as if it were live, shows the text as it comes.
#
#   scripts/demo.sh [RECORDING]
set -euo pipefail
cd "$(dirname "$0")/.."

bin=build/release/bin
clip=${1:-tests/data/demo.flac}
log=$(mktemp)
port_file=$(mktemp -u)

"$bin/rill-server" --listen 127.0.0.1:0 --port-file "$port_file" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$log" "$port_file"' EXIT

for _ in $(seq 100); do
  [ -s "$port_file" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.1
done
address=127.0.0.1:$(cat "$port_file")

echo "rill-server listens on $address; streaming $clip as if it were spoken now:"
echo
"$bin/rill" --server "$address" stream "$clip"
