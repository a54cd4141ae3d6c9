#!/usr/bin/env bash
# Builds the root of an image: the programs given, the libraries that they load as ldd finds them, the
# model, a user. For every Debian package that a library comes from, its licence and its entry in the
# package database, so that scanners know what they see.
#
#   docker/collect.sh ROOT PROGRAM...
set -euo pipefail
cd "$(dirname "$0")/.."

root=$1
shift
mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,usr/share/rill,usr/share/doc,etc/rill,var/lib/dpkg/status.d,models}
ln -s usr/bin "$root/bin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

for program in "$@"; do
  install -m 755 "$program" "$root/usr/bin/"
  strip "$root/usr/bin/$(basename "$program")"
done

libraries=$(ldd "$@" | sed -nE 's#^\s*(.* => )?(/[^ ]+) \(0x.*#\2#p' | sort -u)
packages=''
for library in $libraries; do
  target=$root/usr/${library#/}
  target=${target/"$root/usr/usr/"/"$root/usr/"}
  mkdir -p "$(dirname "$target")"
  cp -L "$library" "$target"
  file=$(readlink -f "$library")
  package=$(dpkg -S "$file" "${file#/usr}" 2>/dev/null | head -n 1 | cut -d: -f1 || true)
  [ -n "$package" ] || { echo "collect.sh: no package has $file" >&2; exit 1; }
  packages+=$package$'\n'
done

sort -u <<<"$packages" | while read -r package; do
  [ -n "$package" ] || continue
  mkdir -p "$root/usr/share/doc/$package"
  cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$package"
done
mkdir -p "$root/usr/share/doc/rill"
cp LICENSE "$root/usr/share/doc/rill/"

cp model/pretrained/* "$root/models/"
ln -s /models "$root/usr/share/rill/models"
cp docker/rill.toml "$root/etc/rill/"
echo 'rill:x:65532:65532:rill:/:/nonexistent' >"$root/etc/passwd"
echo 'rill:x:65532:' >"$root/etc/group"
cp /etc/debian_version "$root/etc/"
cp -L /etc/os-release "$root/etc/"
chmod -R go+rX "$root"
