#!/usr/bin/env bash
# Adds the CUDA plug-in to the root of an image that docker/collect.sh has made, with what it needs
# beside the libraries of rill-server, and the licences of what comes from NVIDIA.
#
#   docker/add_plugin.sh ROOT PLUGIN TOOLKIT     TOOLKIT: of docker/cuda_toolkit.sh
set -euo pipefail

root=$1
plugin=$2
toolkit=$3
mkdir -p "$root/usr/lib/rill" "$root/usr/share/doc/rill/nvidia"
install -m 755 "$plugin" "$root/usr/lib/rill/"
strip "$root/usr/lib/rill/$(basename "$plugin")"
cp -L "$toolkit/lib/libcublasLt.so.13" "$root/usr/lib/rill/"
cp "$toolkit"/licenses/* "$root/usr/share/doc/rill/nvidia/"
chmod -R go+rX "$root/usr/lib/rill" "$root/usr/share/doc/rill"

# All else is there already, or is of a package that is.
ldd "$root/usr/lib/rill/$(basename "$plugin")" | sed -nE 's#^\s*\S+ => (/\S+) .*#\1#p' | while read -r library; do
  [ -z "$(find "$root/usr" -name "$(basename "$library")" -print -quit)" ] || continue
  file=$(readlink -f "$library")
  package=$(dpkg -S "$file" "${file#/usr}" 2>/dev/null | head -n 1 | cut -d: -f1 || true)
  if [ -z "$package" ] || [ ! -e "$root/var/lib/dpkg/status.d/$package" ]; then
    echo "add_plugin.sh: the image has nothing of the package of $library" >&2
    exit 1
  fi
  cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
done
