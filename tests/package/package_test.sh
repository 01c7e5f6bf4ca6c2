#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package_test.sh BUILD: an archive of that build, unpacked: it needs no library of the machine, gives the build's results through either
# loader, chooses the right one, and leaves the machine's libraries to the compiler that it starts. Ends with 77 where it cannot be tried.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1
for command in tar gzip objdump ldd awk; do
    command -v "$command" >/dev/null || { echo "skipped: no $command"; exit 77; }
done
[ -e /lib64/ld-linux-x86-64.so.2 ] || { echo "skipped: archives are for x86-64"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
unset AXFIRE_LOADER AXFIRE_CUDA_DRIVER LD_LIBRARY_PATH
fail() {
    printf 'FAILED: %s\n' "$@" >&2
    exit 1
}
GZIP=-1 "$root/scripts/package.sh" --build "$build" -o "$work/axfire.tar.gz" 2>/dev/null
tar -C "$work" -xf "$work/axfire.tar.gz"
top=$work/axfire
glibc=$top/lib/glibc

for program in "$top"/libexec/*; do
    outside=$("$glibc/ld-linux-x86-64.so.2" --library-path "$glibc:$top/lib" --list "$program" | grep '=>' | grep -v "=> $top/lib/" || true)
    [ -z "${outside//*ld-linux-x86-64.so.2*/}" ] || fail "$(basename "$program") needs libraries of the machine:" "$outside"
done

# A compiler that tells what search path it was started with, and compiles nothing.
cat >"$work/c++" <<END
#!/bin/sh
echo "path: \${LD_LIBRARY_PATH-none}" >>$work/compiler
[ "\$1" != --version ] || echo 'c++ 12'
[ "\$1" = --version ]
END
chmod +x "$work/c++"
mkdir "$work/driver"
cp "$top/lib/libcuda_double.so" "$work/driver/libcuda.so.1"
run=(run "$root/scripts/data/fashion_mnist_snn.nir" --data fashion-mnist -T 4 --dt 1 --reset subtract --encode direct --samples 8
    --add 'loa(k=7)@bf16' --device cpu --json -q)
hash_of() {
    AXFIRE_CXX=$work/c++ "$@" "${run[@]}" | grep -o '"result_hash": *"[0-9a-f]*"'
}
expected=
[ ! -e /usr/share/datasets/fashion-mnist ] || expected=$(hash_of "$build/bin/axfire")
for loader in host bundled; do
    export AXFIRE_LOADER=$loader
    "$top/bin/axfire" info | grep -q 'kernels of' || fail "$loader: axfire info"
    # Both ways to a driver.
    LD_LIBRARY_PATH=$work/driver "$top/bin/axfire" info | grep -q 'test double' || fail "$loader: no driver by LD_LIBRARY_PATH"
    AXFIRE_CUDA_DRIVER=$top/lib/libcuda_double.so "$top/bin/axfire" info | grep -q 'test double' || fail "$loader: no driver by its name"
    "$top/bin/device_tests" --gtest_list_tests | grep -q '^DeviceUnits' || fail "$loader: device_tests"
    [ "$("$top/bin/gpu_limits" 2>&1 | grep -c '^usage')" = 1 ] || fail "$loader: gpu_limits"
    [ -z "$expected" ] && continue
    rm -f "$work/compiler"
    found=$(hash_of "$top/bin/axfire")
    [ "$found" = "$expected" ] || fail "$loader: $found, the build has $expected"
    [ "$(sort -u "$work/compiler")" = "path: none" ] || fail "$loader: the compiler got a search path:" "$(cat "$work/compiler")"
done
[ -n "$expected" ] || echo "no Fashion-MNIST: no results were compared"
code=0
AXFIRE_LOADER=other "$top/bin/axfire" info 2>/dev/null || code=$?
[ $code = 2 ] || fail "AXFIRE_LOADER=other is taken"
unset AXFIRE_LOADER

# Loaders of other machines, as the launcher sees them.
chosen() {
    printf '#!/bin/sh\n[ "$1" = --version ] || { echo host; exit; }\n%s\n' "$1" >"$work/ld.so"
    chmod +x "$work/ld.so"
    sed "s,^host=.*,host=$work/ld.so," "$top/bin/axfire" >"$top/bin/probe"
    sed -i "s,^floor=[^ ]*,floor=$2," "$top/bin/probe"
    chmod +x "$top/bin/probe"
    cp "$top/libexec/axfire" "$top/libexec/probe"
    "$top/bin/probe" --version | sed 's/^axfire .*/bundled/'
}
expect() {
    [ "$(chosen "$2" "$3")" = "$1" ] || fail "$1 was not chosen where a C library $3 is needed and the machine says: $2"
}
expect host 'echo "ld.so (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36."' 2.36
expect host 'echo "ld.so (GNU libc) stable release version 2.40."; echo "Copyright version 1"' 2.36
expect host 'echo "ld.so (GNU libc) development release version 2.40.9000."' 2.36
expect host 'echo "ld.so (GNU libc) stable release version 3.1."' 2.36
expect bundled 'echo "ld.so (Ubuntu GLIBC 2.35-0ubuntu3.8) stable release version 2.35."' 2.36
expect bundled 'echo "ld.so (GNU libc) stable release version 2.9."' 2.36
expect bundled 'echo "--version: error while loading shared libraries: cannot open" >&2; exit 127' 2.31
expect bundled 'echo "something else"' 2.36
echo "the archive runs through both loaders"
