#!/usr/bin/env bash
# The soak test in its full form: so many short clients (2,000 if nothing is said), good and bad, and
# a hundredth as many long streams, against a server of this build. Prints how they ended and the
# server's memory on the way. Takes minutes.
#
#   scripts/soak.sh [CLIENTS]
set -euo pipefail
cd "$(dirname "$0")/.."

build=${RILL_BUILD:-build/release}
[ -f "$build/build.ninja" ] || cmake --preset release --log-level=WARNING
cmake --build "$build" -j "${jobs:-$(nproc)}" --target soak_test
RILL_SOAK_STREAMS=${1:-2000} "$build/tests/soak_test"
