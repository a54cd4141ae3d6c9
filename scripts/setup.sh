#!/usr/bin/env bash
# Installs what rill needs on Debian 12, and nothing that is there already. Run by `make demo` and
# `make test`; takes about a second when nothing is missing.
#
#   scripts/setup.sh          what the server and the client need
#   scripts/setup.sh all      and what the tests, the benchmarks and the trainer need
#   scripts/setup.sh images   what scripts/check_images.sh needs
#   scripts/setup.sh fuzz     what scripts/fuzz.sh needs
set -euo pipefail
cd "$(dirname "$0")/.."

# Each line: a package, and why.
serve_packages='
g++                     compiles rill
cmake                   configures the build
ninja-build             runs the build
ccache                  makes the second build quick
pkg-config              finds libFLAC, libsndfile and PortAudio
libgrpc++-dev           the wire: gRPC
protobuf-compiler-grpc  the wire: code from rill.proto
libprotobuf-dev         the wire: messages
protobuf-compiler       the wire: code from rill.proto
libabsl-dev             Status, strings, time
libdnnl-dev             matrix products for this processor (oneDNN)
ocl-icd-opencl-dev      asked for by the CMake files of oneDNN
libsndfile1-dev         reads audio files
libflac-dev             decodes FLAC as it arrives
libssl-dev              SHA-256, and TLS inside gRPC
zlib1g-dev              reads gzipped language models
nlohmann-json3-dev      the header of a model file, JSON output
libcli11-dev            command lines and configuration files
flite1-dev              how words are said that no lexicon has
prometheus-cpp-dev      metrics, and the page that Prometheus reads
portaudio19-dev         the microphone of `rill stream --mic`
'
all_packages='
libgtest-dev            tests
libgmock-dev            tests
libbenchmark-dev        benchmarks
python3-venv            a private folder for the PyTorch wheel
libjemalloc-dev         memory allocation of the trainer
libsentencepiece-dev    chooses pieces of words as tokens for the trainer
haproxy                 a balancer in front of two servers, in the tests
openssl                 certificates for the tests
'
image_packages='
buildah                 builds images without a Docker engine
debootstrap             makes their base image
openssl                 certificates for the server in the image
prometheus              promtool, which tests the alerts
python3-venv            a private folder for the linters
'
fuzz_packages='
clang                   compiles the fuzz targets; libFuzzer comes with it
libomp-dev              OpenMP as clang knows it
'
# LibTorch for rill-train, from PyPI: --no-deps leaves out gigabytes of CUDA libraries. The two small
# CUDA wheels are there because libtorch_cpu asks for them at start, even on a CPU.
wheels='torch==2.13.0 nvidia-cuda-runtime>=13,<14 nvidia-cuda-cupti>=13,<14'

scope=${1:-serve}
case $scope in
  serve) wanted=$serve_packages ;;
  all) wanted=$serve_packages$all_packages ;;
  images) wanted=$image_packages ;;
  fuzz) wanted=$serve_packages$all_packages$fuzz_packages ;;
  *) echo "usage: scripts/setup.sh [all|images|fuzz]" >&2; exit 2 ;;
esac

missing=()
reasons=''
while read -r package why; do
  [ -n "$package" ] || continue
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing+=("$package")
    reasons+=$(printf '  %-24s%s' "$package" "$why")$'\n'
  fi
done <<<"$wanted"

if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing from Debian:"
  printf '%s' "$reasons"
  root=''
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Run this as root, or install sudo." >&2; exit 1; }
    root=sudo
  fi
  log=$(mktemp)
  if ! { $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive \
         apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "The packages above could not be installed; the whole log is $log." >&2
    exit 1
  fi
  rm -f "$log"
fi

if [ "$scope" = all ]; then
  stamp=build/venv/.wheels
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wheels" ]; then
    echo "Installing LibTorch into build/venv from PyPI (about 600 MB to download): rill-train is built on it."
    [ -x build/venv/bin/pip ] || python3 -m venv build/venv
    # shellcheck disable=SC2086  # one argument a wheel
    build/venv/bin/pip install --quiet --disable-pip-version-check --no-deps $wheels
    echo "$wheels" >"$stamp"
  fi
fi
