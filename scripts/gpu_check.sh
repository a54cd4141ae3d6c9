#!/usr/bin/env bash
# For a machine with an NVIDIA GPU: runs the tests of the CUDA kernels and of the encoder made of them,
# and compares what the GPU and the processor hear; then the benchmarks, with their tables: each
# kernel's time against its floor; linear attention against softmax attention, if there is PyTorch; how
# many live streams the device carries, and what bringing their states from the host's memory costs;
# at the end the tests again under compute-sanitizer.
#
#   scripts/gpu_check.sh [STEP...]         builds in build/gpu first: needs CUDA, CMake 3.25, Ninja and
#                                          what scripts/setup.sh all installs, but no gRPC or LibTorch
#   scripts/gpu_check.sh --pack FILE       builds for every GPU (or CUDA_ARCHITECTURES, as CMake has
#                                          them), and puts the programs into FILE, a .tar.xz, with the
#                                          libraries they need but the driver and cuBLASLt: needs no
#                                          GPU
#   scripts/gpu_check.sh --programs FILE [STEP...]
#                                          runs what was packed there, on a machine with a driver,
#                                          cuBLASLt of the same CUDA (PyTorch's wheels will do) and C
#                                          and C++ libraries no older
#
# Steps: tests, words, benchmarks, attention, capacity, sanitizers; all, if none is named.
# RILL_SPEECH_DIR has recordings for `words` in its folder dev; else ../shared/speech; else a few in
# tests/data are all. PYTHON is the interpreter that has PyTorch; python3 if it is not set. A step may
# take STEP_SECONDS, 900 if that is not set.
# Exits with 1 if anything failed. The log of each step is in build/gpu/check.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=build/gpu
python=${PYTHON:-python3}
pack=''
packed=''
case ${1:-} in
  --pack) pack=${2:?--pack needs a file}; shift 2 ;;
  --programs) packed=$(realpath -e "${2:?--programs needs a file}") || exit 1; shift 2 ;;
esac
all_steps=' tests words benchmarks attention capacity sanitizers '
for name in "$@"; do
  [[ $all_steps == *" $name "* ]] || {
    echo "usage: scripts/gpu_check.sh [--pack FILE | [--programs FILE] [STEP...]]; steps:$all_steps" >&2
    exit 2
  }
done
steps=" ${*:-$all_steps} "
logs=$build/check
mkdir -p "$logs"
export PATH=$PATH:/usr/local/cuda/bin  # where CUDA's own installer puts it
failed=0
with=()  # what runs the programs: with their libraries

# step NAME COMMAND...: runs it, its output to a log; says how it went.
step() {
  local name=$1 start=$SECONDS
  shift
  if timeout "${STEP_SECONDS:-900}" "$@" >"$logs/$name.log" 2>&1; then
    printf '%-28s ok      %4d s\n' "$name" $((SECONDS - start))
  else
    printf '%-28s FAILED  %4d s   (%s)\n' "$name" $((SECONDS - start)) "$logs/$name.log"
    tail -n 20 "$logs/$name.log"
    failed=1
    return 1
  fi
}

wants() { [[ $steps == *" $1 "* ]]; }

# The folder of PyTorch's wheels that has the cuBLASLt which the programs are linked to.
cublas_of_python() {
  "$python" - "$1" 2>/dev/null <<'EOF'
import glob, os, sys
for folder in sys.path:
    for path in glob.glob(os.path.join(folder, 'nvidia', '*', 'lib', sys.argv[1])):
        sys.exit(print(os.path.dirname(path)))
EOF
}

# What this machine lacks is named before anything is built.
needed=()
[ -n "$pack" ] || needed+=(nvidia-smi)
[ -n "$packed" ] || needed+=(nvcc cmake ninja)
for tool in "${needed[@]}"; do
  command -v "$tool" >/dev/null || { echo "not on this machine: $tool" >&2; exit 1; }
done
if [ -z "$pack" ]; then
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || exit 1
fi

if [ -n "$packed" ]; then
  programs=$build/programs
  rm -rf "$programs" && mkdir -p "$programs" || exit 1
  tar -xJf "$packed" -C "$programs" 2>"$logs/unpack.log" ||  # where there is no xz, Python has one
    "$python" -m tarfile -e "$packed" "$programs" 2>>"$logs/unpack.log" ||
    { cat "$logs/unpack.log" >&2; exit 1; }
  tests=$programs/bin
  benchmarks=$programs/bin
  # For these programs only: Python has libraries of its own.
  libraries=$PWD/$programs/lib:/usr/local/cuda/lib64:${LD_LIBRARY_PATH:-}
  plugin=$programs/lib/rill/librill_cuda.so
  cublas=$(LD_LIBRARY_PATH=$libraries ldd "$plugin" | awk '/libcublasLt.*not found/ { print $1 }')
  [ -z "$cublas" ] || libraries+=:$(cublas_of_python "$cublas")
  with=(env "LD_LIBRARY_PATH=$libraries")
  missing=$("${with[@]}" ldd "$programs"/bin/* "$plugin" | grep 'not found' | sort -u)
  if [ -n "$missing" ]; then
    echo "not on this machine: $missing" >&2
    exit 1
  fi
else
  capability=${CUDA_ARCHITECTURES:-all}
  [ -n "$pack" ] ||
    capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
  step configure cmake --preset release -B "$build" -DRILL_SERVER=OFF -DRILL_TRAINING=OFF \
    -DRILL_TESTS=ON -DRILL_CUDA=ON -DRILL_CUDA_ARCHITECTURES="$capability" || exit 1
  on_host=(rill_cuda_on_host_test rill_cuda_encoder_on_host_test)
  [ -z "$pack" ] || on_host=()
  step build cmake --build "$build" -j "$(nproc)" --target "${on_host[@]}" rill_cuda_test \
    rill_cuda_encoder_test rill-cuda-bench rill-cuda-encoder-bench rill-cuda-words \
    rill_cuda_attention rill_cuda || exit 1
  tests=$build/tests
  benchmarks=$build/bin
fi

if [ -n "$pack" ]; then
  folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && mkdir -p "$folder"/{bin,lib/rill} || exit 1
  cp "$tests"/rill_cuda_{,encoder_}test "$benchmarks"/rill-cuda-{bench,encoder-bench,words} \
    "$folder/bin" || exit 1
  cp "$build"/lib/rill/librill_cuda{,_attention}.so "$folder/lib/rill" || exit 1
  strip "$folder"/bin/* "$folder"/lib/rill/*
  # Those of C, C++ and CUDA are the other machine's own.
  ldd "$folder"/bin/* "$folder"/lib/rill/* | awk '$3 ~ "^/" { print $3 }' | sort -u |
    grep -vE '/(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|cuda|cublasLt)|ld-linux[^/]*)\.so' |
    xargs cp -t "$folder/lib" || exit 1
  tar -c -C "$folder" bin lib | xz >"$pack" || exit 1
  echo "packed: $(du -h "$pack" | cut -f 1) in $pack"
  exit 0
fi

if [ -z "$packed" ] && wants tests; then
  step resources scripts/kernel_resources.py
  step model-of-cuda "$tests/rill_cuda_on_host_test"
  step encoder-on-model "$tests/rill_cuda_encoder_on_host_test"
fi
if wants tests; then
  step kernels "${with[@]}" "$tests/rill_cuda_test"
  step encoder "${with[@]}" "$tests/rill_cuda_encoder_test"
  if grep -q SKIPPED "$logs/kernels.log"; then
    echo 'The GPU was not used:'
    grep -m 1 'no CUDA device' "$logs/kernels.log"
    exit 1
  fi
fi
if wants words; then
  speech=${RILL_SPEECH_DIR:-../shared/speech}/dev
  [ -d "$speech" ] || speech=tests/data
  step words "${with[@]}" "$benchmarks/rill-cuda-words" --model model/pretrained/rill-en-m.safetensors \
    --lm model/pretrained/en-139k-3gram.rlm "$speech" && cat "$logs/words.log"
fi
if wants benchmarks; then
  step benchmarks "${with[@]}" "$benchmarks/rill-cuda-bench" && cat "$logs/benchmarks.log"
fi
if wants attention; then
  if "$python" -c 'import torch' 2>"$logs/torch.log"; then
    step attention "$python" tests/bench/cuda_attention.py "$benchmarks/../lib/rill/librill_cuda_attention.so" &&
      cat "$logs/attention.log"
  else
    echo "no PyTorch ($python; PYTHON names another): linear against softmax attention is left out"
  fi
fi
if wants capacity; then
  step capacity "${with[@]}" "$benchmarks/rill-cuda-encoder-bench" && cat "$logs/capacity.log"
fi
if wants sanitizers; then
  if command -v compute-sanitizer >/dev/null; then
    # Of calls that fail, the programs make errors of their own.
    check=("${with[@]}" compute-sanitizer --error-exitcode 1)
    memcheck=("${check[@]}" --tool memcheck --report-api-errors no)
    step kernels-memcheck "${memcheck[@]}" "$tests/rill_cuda_test"
    for tool in racecheck synccheck initcheck; do
      step "kernels-$tool" "${check[@]}" --tool $tool "$tests/rill_cuda_test"
    done
    step encoder-memcheck "${memcheck[@]}" "$tests/rill_cuda_encoder_test"
  else
    echo 'compute-sanitizer is not on this machine: left out'
  fi
fi
exit $failed
