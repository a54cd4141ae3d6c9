#!/usr/bin/env bash
# For a machine with an NVIDIA GPU: runs the tests of the CUDA kernels and of the encoder made of them,
# again under compute-sanitizer, then the benchmarks, and ends with their tables: each kernel's time
# against its floor; linear attention against softmax attention, if there is PyTorch; how many live
# streams the device carries, and what bringing their states from the host's memory costs.
#
#   scripts/gpu_check.sh                   builds in build/gpu first: needs CUDA, CMake 3.25, Ninja and
#                                          what scripts/setup.sh all installs, but no gRPC or LibTorch
#   scripts/gpu_check.sh --pack DIR        builds for every GPU, and puts the programs into DIR with
#                                          the libraries they need but the driver and cuBLASLt: needs
#                                          no GPU
#   scripts/gpu_check.sh --programs DIR    runs what was packed there, on a machine with a driver,
#                                          cuBLASLt and a C library no older
#
# PYTHON is the interpreter that has PyTorch; python3 if it is not set.
# Exits with 1 if anything failed. The log of each step is in build/gpu/check.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=build/gpu
programs=''
python=${PYTHON:-python3}
pack=''
case ${1:-} in
  '') ;;
  --pack) pack=${2:?--pack needs a folder} ;;
  --programs) programs=$(realpath "${2:?--programs needs a folder}") || exit 1 ;;
  *) echo 'usage: scripts/gpu_check.sh [--pack DIR | --programs DIR]' >&2; exit 2 ;;
esac
logs=$build/check
mkdir -p "$logs"
export PATH=$PATH:/usr/local/cuda/bin  # where CUDA's own installer puts it
failed=0

# step NAME COMMAND...: runs it, its output to a log; says how it went.
step() {
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$logs/$name.log" 2>&1; then
    printf '%-28s ok      %4d s\n' "$name" $((SECONDS - start))
  else
    printf '%-28s FAILED  %4d s   (%s)\n' "$name" $((SECONDS - start)) "$logs/$name.log"
    tail -n 20 "$logs/$name.log"
    failed=1
    return 1
  fi
}

# What this machine lacks is named before anything is built.
needed=()
[ -n "$pack" ] || needed+=(nvidia-smi)
[ -n "$programs" ] || needed+=(nvcc cmake ninja)
for tool in "${needed[@]}"; do
  command -v "$tool" >/dev/null || { echo "not on this machine: $tool" >&2; exit 1; }
done
if [ -z "$pack" ]; then
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || exit 1
fi

if [ -n "$programs" ]; then
  tests=$programs
  benchmarks=$programs
  export LD_LIBRARY_PATH=$programs:/usr/local/cuda/lib64:${LD_LIBRARY_PATH:-}
else
  capability=all
  [ -n "$pack" ] ||
    capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
  step configure cmake --preset release -B "$build" -DRILL_SERVER=OFF -DRILL_TRAINING=OFF \
    -DRILL_TESTS=ON -DRILL_CUDA=ON -DRILL_CUDA_ARCHITECTURES="$capability" || exit 1
  step build cmake --build "$build" -j "$(nproc)" --target \
    rill_cuda_on_host_test rill_cuda_encoder_on_host_test rill_cuda_test rill_cuda_encoder_test \
    rill-cuda-bench rill-cuda-encoder-bench rill_cuda_attention || exit 1
  if [ -n "$pack" ]; then
    files=("$build"/tests/rill_cuda_{,encoder_}test "$build"/bin/rill-cuda-{,encoder-}bench
      "$build/bin/librill_cuda_attention.so")
    mkdir -p "$pack" && cp "${files[@]}" "$pack" || exit 1
    # Those of the C library and of CUDA are the other machine's own.
    ldd "${files[@]}" | awk '/absl|dnnl|OpenCL|gomp|stdc\+\+|libgcc/ { print $3 }' | sort -u |
      xargs cp -t "$pack" || exit 1
    echo "packed: $(du -sh "$pack" | cut -f 1) in $pack"
    exit 0
  fi
  step resources scripts/kernel_resources.py
  step model-of-cuda "$build/tests/rill_cuda_on_host_test"
  step encoder-on-model "$build/tests/rill_cuda_encoder_on_host_test"
  tests=$build/tests
  benchmarks=$build/bin
fi

step kernels "$tests/rill_cuda_test"
step encoder "$tests/rill_cuda_encoder_test"
if grep -q SKIPPED "$logs/kernels.log"; then
  echo 'The GPU was not used:'
  grep -m 1 'no CUDA device' "$logs/kernels.log"
  exit 1
fi
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck synccheck initcheck; do
    step "kernels-$tool" compute-sanitizer --tool "$tool" --error-exitcode 1 "$tests/rill_cuda_test"
  done
  step encoder-memcheck compute-sanitizer --tool memcheck --error-exitcode 1 \
    "$tests/rill_cuda_encoder_test"
else
  echo 'compute-sanitizer is not on this machine: left out'
fi

echo
step benchmarks "$benchmarks/rill-cuda-bench" && cat "$logs/benchmarks.log"
if "$python" -c 'import torch' 2>"$logs/torch.log"; then
  step attention "$python" tests/bench/cuda_attention.py "$benchmarks/librill_cuda_attention.so" &&
    cat "$logs/attention.log"
else
  echo "no PyTorch ($python; PYTHON names another): linear against softmax attention is left out"
fi
step capacity "$benchmarks/rill-cuda-encoder-bench" && cat "$logs/capacity.log"
exit $failed
