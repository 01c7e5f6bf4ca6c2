#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the built program, its device tests and the libraries that they need into one archive that runs elsewhere.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/package.sh [--build FOLDER] [--with-nvrtc] [-o FILE]
Packs bin/axfire, bin/device_tests, bin/gpu_limits, the test double of the CUDA driver, scripts/gpu_check.sh and every shared library but
those of the C library into a .tar.gz. Unpacked on another x86-64 Linux, bin/axfire runs as it is.
  --build FOLDER   a folder that was built (build/release)
  --with-nvrtc     this machine's NVRTC too (43 MB more), which GPUs need and machines without a CUDA toolkit lack
  -o FILE          the archive (axfire.tar.gz)
It runs where the C library is at least as new as the one of this machine; the archive's VERSION says which that is."

folder=build/release
archive=axfire.tar.gz
nvrtc=no
while [ $# -gt 0 ]; do
    case $1 in
        --build | -o)
            [ $# -ge 2 ] || fail 2 "$1 needs a value" "$usage"
            if [ "$1" = -o ]; then archive=$2; else folder=$2; fi
            shift
            ;;
        --with-nvrtc) nvrtc=yes ;;
        -h | --help)
            echo "$usage"
            exit
            ;;
        *) fail 2 "unknown option '$1'" "$usage" ;;
    esac
    shift
done
case $folder in /*) ;; *) folder=$axfire_root/$folder ;; esac
for program in axfire device_tests gpu_limits; do
    [ -x "$folder/bin/$program" ] || fail 2 "$folder/bin/$program is missing: build it first (docs/building.md)"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/axfire
mkdir -p "$top/bin" "$top/lib" "$top/libexec" "$top/scripts"

# The dynamic loader and the C library belong together and to the machine; everything else goes along.
is_of_the_system() {
    case $(basename "$1") in
        ld-linux* | libc.so* | libm.so* | libpthread.so* | libdl.so* | librt.so* | libresolv.so*) return 0 ;;
        *) return 1 ;;
    esac
}
libraries_of() {
    ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u
}

double=$folder/tests/libcuda_double.so
cp "$folder/bin/axfire" "$folder/bin/device_tests" "$folder/bin/gpu_limits" "$top/libexec/"
cp "$double" "$top/lib/"
for library in $(libraries_of "$folder/bin/axfire" "$folder/bin/device_tests" "$folder/bin/gpu_limits" "$double"); do
    is_of_the_system "$library" || cp -L "$library" "$top/lib/"
done
for program in axfire device_tests gpu_limits; do
    cat >"$top/bin/$program" <<'EOF'
#!/bin/sh
here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
AXFIRE_TEST_DOUBLE=${AXFIRE_TEST_DOUBLE:-$here/lib/libcuda_double.so} \
AXFIRE_TEST_BINARY=${AXFIRE_TEST_BINARY:-$here/bin/axfire} \
AXFIRE_TEST_SOURCES=${AXFIRE_TEST_SOURCES:-$here} \
exec "$here/libexec/$(basename "$0")" "$@"
EOF
    chmod +x "$top/bin/$program"
done
cp "$axfire_root/scripts/gpu_check.sh" "$axfire_root/scripts/gpu_check.py" "$top/scripts/"
mkdir -p "$top/tests"
cp -r "$axfire_root/tests/models" "$top/tests/"
cp "$axfire_root/LICENSE" "$top/"
if [ "$nvrtc" = yes ]; then
    found=$(ldconfig -p | awk '/libnvrtc\.so\.1[0-9] / {print $NF; exit}')
    [ -n "$found" ] || fail 2 "this machine has no NVRTC that the dynamic loader finds (ldconfig -p)"
    cp -L "$found" "$top/lib/"
    for library in "$(dirname "$found")"/libnvrtc-builtins.so.1*.[0-9]; do
        cp -L "$library" "$top/lib/"
    done
fi

# The newest symbol version that any of them asks of the C library is the oldest C library that will do.
floor=$(objdump -T "$top"/libexec/* "$top"/lib/* 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
cat >"$top/VERSION" <<EOF
$("$folder/bin/axfire" --version 2>/dev/null || echo axfire)
x86-64 Linux, C library ${floor#GLIBC_} or newer
EOF
tar -C "$work" -czf "$archive" axfire
echo "$archive: $(du -h "$archive" | cut -f1), needs a C library of ${floor#GLIBC_} or newer"
