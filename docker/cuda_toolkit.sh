#!/usr/bin/env bash
# Puts NVIDIA's compiler and cuBLASLt, from the wheels on PyPI, into a folder as a CUDA toolkit that
# CMake finds by its nvcc: -DCMAKE_CUDA_COMPILER=FOLDER/bin/nvcc. Needs Debian's python3-venv; takes
# 1 GB.
#
#   docker/cuda_toolkit.sh FOLDER
set -euo pipefail

to=$1
wheels=(
  nvidia-cuda-nvcc==13.0.88     # the compiler
  nvidia-nvvm==13.0.88          # its optimiser
  nvidia-cuda-crt==13.0.88      # its headers
  nvidia-cuda-cccl==13.0.85     # headers that those of the runtime include
  nvidia-cuda-runtime==13.0.96  # the runtime, linked into what is built
  nvidia-cublas==13.1.0.3       # cuBLASLt, loaded by what is built
)
mkdir -p "$to"
python3 -m venv "$to/venv"
"$to/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
  --target "$to/wheels" "${wheels[@]}"
mv "$to"/wheels/nvidia/cu13/* "$to"
mkdir "$to/licenses"
cp "$to"/wheels/nvidia_cublas-*.dist-info/licenses/License.txt "$to/licenses/cublas"
cp "$to"/wheels/nvidia_cuda_runtime-*.dist-info/licenses/License.txt "$to/licenses/cuda-runtime"
ln -s lib "$to/lib64"
# The names that linkers and CMake look for.
ln -s libcublasLt.so.13 "$to/lib/libcublasLt.so"
ln -s libcudart.so.13 "$to/lib/libcudart.so"
rm -r "$to/venv" "$to/wheels"
