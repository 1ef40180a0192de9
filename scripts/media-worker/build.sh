#!/usr/bin/env bash
# Builds mediasoup-worker out of the unpacked mediasoup npm package and the distribution's own libraries.
# Downloads nothing.
#
#   build.sh PACKAGE_DIR OUTPUT_BINARY
#
# PACKAGE_DIR is only read. OUTPUT_BINARY appears all at once; when it is there already, nothing is done (two builds at
# the same time are kept apart by the caller's lock, and the second finds the work of the first).
# Environment: JOBS; LIBSRTP2_SOURCE, an unpacked libsrtp 2 of libsrtp2-dev's own version (apt-get source libsrtp2), to
# be built in with OpenSSL: several times faster for AES_CM than Debian's, which uses NSS.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
package=$(cd "$1" && pwd)
output=$(realpath -m "$2")
if [ -x "$output" ]; then
  exit 0
fi

mkdir -p "$(dirname "$output")"
build=$(mktemp -d "$(dirname "$output")/build.XXXXXX")
trap 'rm -rf "$build"' EXIT

cp -a "$package/worker" "$build/worker"
worker=$build/worker

# Debian 12 has meson 1.0.1; nothing in worker/meson.build needs 1.1.
sed -i "s/meson_version: '>= 1.1.0'/meson_version: '>= 1.0.0'/" "$worker/meson.build"

# Meson takes a subproject's folder as it is, without downloading, when it is there under the name that its wrap file
# gives it. Each shim hands out the system's library.
for shim in "$here"/shims/*/; do
  name=$(basename "$shim")
  wrap=$worker/subprojects/$name.wrap
  if [ ! -f "$wrap" ]; then
    echo "no $name.wrap in this mediasoup version, shim not used" >&2
    continue
  fi
  directory=$(sed -n 's/^directory *= *//p' "$wrap" | tr -d '\r')
  cp -a "$shim" "$worker/subprojects/$directory"
done

args=()
if [ -n "${LIBSRTP2_SOURCE:-}" ]; then
  cp -a "$LIBSRTP2_SOURCE" "$worker/subprojects/libsrtp2"
  args+=(-Dlibsrtp3:own-libsrtp2=true)
fi

for patch in "$here"/patches/*.patch; do
  patch --quiet -p1 -d "$build" <"$patch"
done

cd "$worker"
# The distribution's meson by its full name: another python that comes first on PATH may have no meson module.
/usr/bin/meson setup --wrap-mode=nodownload --buildtype release -Db_ndebug=true ${args[@]+"${args[@]}"} "$build/out"
ninja -C "$build/out" ${JOBS:+-j "$JOBS"} mediasoup-worker
g++ -std=c++20 -O2 -I "$worker/include" -I "$here/shims/unordered-dense/include" -o "$build/self-test" \
  "$here/self-test.cpp" -lsrtp2 -lcrypto
"$build/self-test"
install -s -m 755 "$build/out/mediasoup-worker" "$output.new"
mv "$output.new" "$output"
