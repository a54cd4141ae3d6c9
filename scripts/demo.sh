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

"$bin/rill-server" --listen 127.0.0.1:0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$log"' EXIT

port=''
for _ in $(seq 100); do
  port=$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$log")
  [ -n "$port" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.1
done
address=127.0.0.1:$port

echo "rill-server listens on $address; streaming $clip as if it were spoken now:"
echo
"$bin/rill" stream --server "$address" "$clip"
