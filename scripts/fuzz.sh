#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz under libFuzzer with AddressSanitizer and UBSan, one after the
# other, and says what they found.
#
#   scripts/fuzz.sh SECONDS [TARGET...]    SECONDS each; all targets unless some are named
#
# What it learns stays in build/fuzz/corpus/TARGET, for the next time. An input that crashes a target
# is left in build/fuzz/found; once the fault is mended it goes to tests/fuzz/corpus/TARGET, where the
# test suite runs it ever after.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in '' | *[!0-9]*) echo "usage: scripts/fuzz.sh SECONDS [TARGET...]" >&2; exit 2 ;; esac
seconds=$1
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  mapfile -t targets < <(cd tests/fuzz && ls -- *_fuzz.cc | sed 's/_fuzz\.cc$//')
fi

scripts/setup.sh fuzz
build=${RILL_FUZZ_BUILD:-build/fuzz}
cmake --preset fuzz -B "$build" --log-level=WARNING
cmake --build "$build" -j "${jobs:-$(nproc)}" --target "${targets[@]/%/_fuzz}"

mkdir -p "$build/found"
failed=0
for target in "${targets[@]}"; do
  mkdir -p "$build/corpus/$target"
  log=$build/found/$target.log
  if "$build/bin/${target}_fuzz" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
      -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$build/found/$target-" \
      "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    result=nothing
  else
    result="see $log"
    failed=1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  cover=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  echo "$target: ${runs:-?} inputs, ${rate:-?} a second, ${cover:-cov: ?}; found: $result"
done
exit $failed
